#include "kernels/cast.h"

#include <algorithm>
#include <limits>

#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

template <class From, class To, class Device>
std::vector<double> converted(Device device, const std::vector<double>& values) {
  GuardedBuffer<From> from = guarded<From>(values, "from");
  GuardedBuffer<To> to(values.size(), "to");
  cast(device, kernels::Cast{from.data(), data_type_of<From>(), to.data(), data_type_of<To>(),
                             static_cast<std::int64_t>(values.size())});
  return numbers(to);
}

// The nearest number with so many bits behind the first, ties to even, in double; without its largest number.
double nearest(double value, int bits, int smallest_exponent) {
  if (!std::isfinite(value) || value == 0) return value;
  const double unit = std::ldexp(1.0, std::max(std::ilogb(value), smallest_exponent) - bits);
  return std::nearbyint(value / unit) * unit;
}

// Stored as a T; values are those of float32.
template <class T>
double stored(double value) {
  if constexpr (std::is_same_v<T, bfloat16>) return nearest(value, 7, -126);
  if constexpr (std::is_same_v<T, float16>) {
    const double rounded = nearest(value, 10, -14);
    return std::abs(rounded) > 65504.0 ? std::copysign(std::numeric_limits<double>::infinity(), rounded) : rounded;
  }
  return value;
}

TEST_CASE("cast: every pair of types, odd sizes and tails") {
  for (const std::size_t count : {0, 1, 7, 8, 9, 2049, 20003}) {
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i)
      values.push_back(
          double{static_cast<float>(std::sin(static_cast<double>(i)) * std::pow(10.0, double(i % 60) - 30))});
    for_each_type([&]<class From>(TypeTag<From>) {
      for_each_type([&]<class To>(TypeTag<To>) {
        // float64 on either side exists on the cpu only.
        using Widest = std::conditional_t<sizeof(From) == 8 || sizeof(To) == 8, double, float>;
        std::vector<double> expected;
        for (const double value : values)
          expected.push_back(stored<To>(stored<From>(value)));
        for (const DeviceResult& result :
             on_every_device<Widest>([&](auto device) { return converted<From, To>(device, values); })) {
          CAPTURE(result.device, name_of(data_type_of<From>()), name_of(data_type_of<To>()), count);
          REQUIRE(result.values == expected);
        }
      });
    });
  }
}

TEST_CASE("cast: ties to even, special values") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> values = {
      1 + 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1p-8 + 0x1p-20, 3.4e38, -3.4e38, infinity, -infinity, 0x1p-133,
      -0.0,       0x1.8p-134};
  const std::vector<double> expected = {1,        1 + 0x1p-6, 1 + 0x1p-7, infinity, -infinity,
                                        infinity, -infinity,  0x1p-133,   -0.0,     0x1p-133};
  for (const DeviceResult& result :
       on_every_device<float>([&](auto device) { return converted<float, bfloat16>(device, values); }))
    CHECK(same_bits(result.values, expected));
  for (const DeviceResult& result : on_every_device<float>([&](auto device) {
         return converted<float, bfloat16>(device, {std::nan(""), 1.0});
       }))
    CHECK((std::isnan(result.values[0]) && result.values[1] == 1.0));
  CHECK(converted<double, float>(kernels::Cpu{}, {1e300, -1e300}) == std::vector<double>{infinity, -infinity});
}

TEST_CASE("cast: float16 and the other types") {
  std::vector<double> values;
  for (std::size_t i = 0; i < 2049; ++i) {
    const double value = std::sin(static_cast<double>(i)) * std::pow(10.0, double(i % 12) - 7);
    values.push_back(static_cast<double>(float16(static_cast<float>(value))));
  }
  const std::vector<double> exact = converted<double, float16>(kernels::Cpu{}, values);
  CHECK(same_bits(exact, values));
  std::vector<double> narrow;
  for (const double value : values)
    narrow.push_back(stored<bfloat16>(value));
  for (const DeviceResult& result :
       on_every_device<float>([&](auto device) { return converted<float, float16>(device, values); }))
    CHECK(same_bits(result.values, values));
  for (const DeviceResult& result :
       on_every_device<float>([&](auto device) { return converted<float16, float>(device, values); }))
    CHECK(same_bits(result.values, values));
  for (const DeviceResult& result :
       on_every_device<float>([&](auto device) { return converted<float16, bfloat16>(device, values); }))
    CHECK(result.values == narrow);
}

TEST_CASE("cast_list: the same bits as one cast after another") {
  std::vector<std::vector<double>> tensors;
  for (const std::size_t count : {3, 0, 4096, 4099, 1, 9001}) {
    tensors.emplace_back();
    for (std::size_t i = 0; i < count; ++i)
      tensors.back().push_back(double{static_cast<float>(std::sin(static_cast<double>(i + 7 * tensors.size())))});
  }
  for_each_type([&]<class From>(TypeTag<From>) {
    for_each_type([&]<class To>(TypeTag<To>) {
      using Widest = std::conditional_t<sizeof(From) == 8 || sizeof(To) == 8, double, float>;
      std::vector<double> expected;
      for (const std::vector<double>& values : tensors) {
        const std::vector<double> part = converted<From, To>(kernels::Cpu{}, values);
        expected.insert(expected.end(), part.begin(), part.end());
      }
      const auto run = [&](auto device) {
        std::vector<GuardedBuffer<From>> from;
        std::vector<GuardedBuffer<To>> to;
        std::vector<kernels::CastTensor> table;
        for (const std::vector<double>& values : tensors) {
          from.push_back(guarded<From>(values, "from"));
          to.emplace_back(values.size(), "to");
          table.push_back({from.back().data(), to.back().data(), static_cast<std::int64_t>(values.size())});
        }
        const std::int64_t chunks = kernels::number_chunks(std::span(table));
        cast_list(device, kernels::CastList{{table.data(), static_cast<std::int32_t>(table.size()), chunks},
                                            data_type_of<From>(),
                                            data_type_of<To>()});
        std::vector<double> all;
        for (GuardedBuffer<To>& buffer : to) {
          const std::vector<double> part = numbers(buffer);
          all.insert(all.end(), part.begin(), part.end());
        }
        return all;
      };
      for (const DeviceResult& result : on_every_device<Widest>(run)) {
        CAPTURE(result.device, name_of(data_type_of<From>()), name_of(data_type_of<To>()));
        CHECK(same_bits(result.values, expected));
      }
    });
  });
}

TEST_CASE("cast: refuses types that are not floating point, and says which") {
  const auto message = [](auto device, DataType from, DataType to) -> std::string {
    try {
      cast(device, kernels::Cast{nullptr, from, nullptr, to, 0});
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  const std::string expected = "cast: element type int32; only floating-point types are converted";
  CHECK(message(kernels::Cpu{}, DataType::int32, DataType::float32) == expected);
  CHECK(message(kernels::Simt{}, DataType::float32, DataType::int32) == expected);
  CHECK(message(kernels::Simt{}, DataType::float32, DataType::float64) == "no such kernel for element type float64");
}

}  // namespace
}  // namespace sleight::test

#include "kernels/resize_channels.h"

#include <limits>

#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

struct Sizes {
  std::int64_t rows, from, to;
};

template <class T, class Device>
std::vector<double> resized(Device device, const Sizes& sizes, const std::vector<double>& values) {
  GuardedBuffer<T> x = guarded<T>(values, "x");
  GuardedBuffer<T> y(static_cast<std::size_t>(sizes.rows * sizes.to), "y");
  resize_channels(device,
                  kernels::ResizeChannels{data_type_of<T>(), sizes.rows, sizes.from, sizes.to, x.data(), y.data()});
  return numbers(y);
}

TEST_CASE("resize_channels: every number in its place, zeros behind, every type") {
  for (const Sizes sizes : {Sizes{0, 3, 8}, Sizes{1, 1, 1}, Sizes{1, 1, 9}, Sizes{37, 3, 8}, Sizes{37, 8, 3},
                            Sizes{5, 255, 256}, Sizes{5, 256, 255}, Sizes{700, 3, 4}, Sizes{401, 7, 7}}) {
    for_each_type([&]<class T>(TypeTag<T>) {
      std::vector<double> values;
      for (std::int64_t i = 0; i < sizes.rows * sizes.from; ++i)
        values.push_back(static_cast<double>(1 + i % 251));  // every type holds these
      std::vector<double> expected;
      for (std::int64_t row = 0; row < sizes.rows; ++row) {
        for (std::int64_t channel = 0; channel < sizes.to; ++channel)
          expected.push_back(channel < sizes.from ? values[static_cast<std::size_t>(row * sizes.from + channel)] : 0.0);
      }
      for (const DeviceResult& result :
           on_every_device<T>([&](auto device) { return resized<T>(device, sizes, values); })) {
        CAPTURE(result.device, name_of(data_type_of<T>()), sizes.rows, sizes.from, sizes.to);
        REQUIRE(same_bits(result.values, expected));
      }
    });
  }
}

TEST_CASE("resize_channels: special values stay, and a dropped NaN leaves no trace") {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const DeviceResult& result : on_every_device<float>([&](auto device) {
         return resized<float>(device, {2, 3, 2}, {-0.0, infinity, std::nan(""), 1e-40F, -infinity, 4});
       })) {
    CAPTURE(result.device);
    CHECK(same_bits(result.values, {-0.0, infinity, double{1e-40F}, -infinity}));
  }
}

TEST_CASE("resize_channels: refuses what has no channels, and says what it was") {
  const auto message = [](const Sizes& sizes) -> std::string {
    try {
      resize_channels(kernels::Simt{}, {DataType::float32, sizes.rows, sizes.from, sizes.to, nullptr, nullptr});
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK(message({4, 0, 8}) == "resize_channels: cannot make 8 channels of 0 in 4 rows");
  CHECK(message({4, 3, 0}) == "resize_channels: cannot make 0 channels of 3 in 4 rows");
  CHECK(message({-1, 3, 8}) == "resize_channels: cannot make 8 channels of 3 in -1 rows");
}

}  // namespace
}  // namespace sleight::test

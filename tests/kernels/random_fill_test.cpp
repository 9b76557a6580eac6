#include "kernels/random_fill.h"

#include <numbers>

#include "kernels/lib/philox.h"
#include "kernels/lib/philox_normal.h"
#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

using kernels::Distribution;

struct Fill {
  Distribution distribution = Distribution::uniform;
  float first = 0;
  float second = 1;
  std::uint64_t seed = 1;
  std::uint64_t stream = 0;
};

template <class T, class Device>
std::vector<double> filled(Device device, std::size_t count, const Fill& fill) {
  GuardedBuffer<T> out(count, "out");
  kernels::RandomFill arguments;
  arguments.out = out.data();
  arguments.count = static_cast<std::int64_t>(count);
  arguments.distribution = fill.distribution;
  arguments.first = fill.first;
  arguments.second = fill.second;
  arguments.seed = fill.seed;
  arguments.stream = fill.stream;
  arguments.type = data_type_of<T>();
  random_fill(device, arguments);
  return numbers(out);
}

TEST_CASE("philox: the known answers of its authors") {
  // The first two rows of Random123's known-answer file for philox4x32-10: all bits 0, all bits 1.
  const kernels::PhiloxBlock zeros = kernels::philox(0, 0, 0);
  const kernels::PhiloxBlock ones = kernels::philox(~0ULL, ~0ULL, ~0ULL);
  const std::uint32_t expected_zeros[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  const std::uint32_t expected_ones[4] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
  for (int i = 0; i < 4; ++i) {
    CHECK(zeros.word[i] == expected_zeros[i]);
    CHECK(ones.word[i] == expected_ones[i]);
  }
}

TEST_CASE("random_fill: the same bits on every device, in every type, at every size") {
  for (const Distribution distribution : {Distribution::uniform, Distribution::normal}) {
    const Fill fill{distribution, -0.3F, 1.7F, 42, 7};
    const std::vector<double> longest = filled<float>(kernels::Cpu{}, 10007, fill);
    for (const std::size_t count : {0, 1, 3, 4, 5, 9, 1023, 10007}) {
      const std::vector<double> expected(longest.begin(), longest.begin() + static_cast<std::ptrdiff_t>(count));
      for_each_type([&]<class T>(TypeTag<T>) {
        std::vector<double> rounded;
        for (const double value : expected)
          rounded.push_back(to_double(from_double<T>(value)));
        for (const DeviceResult& result :
             on_every_device<T>([&](auto device) { return filled<T>(device, count, fill); })) {
          CAPTURE(result.device, name_of(data_type_of<T>()), count);
          REQUIRE(same_bits(result.values, rounded));
        }
      });
    }
  }
}

TEST_CASE("random_fill: uniform numbers are Philox's words") {
  const std::vector<double> values = filled<float>(kernels::Cpu{}, 6, {Distribution::uniform, 2, 4, 99, 5});
  for (std::uint64_t i = 0; i < 6; ++i) {
    const std::uint32_t word = kernels::philox(5, i / 4, 99).word[i % 4];
    CHECK(values[i] == double{static_cast<float>(2 + 2 * (double{static_cast<float>(word >> 8U)} / 16777216.0))});
  }
}

TEST_CASE("random_fill: seeds and streams are different numbers") {
  const std::vector<double> values = filled<float>(kernels::Cpu{}, 100, {});
  const std::vector<double> other_seed = filled<float>(kernels::Cpu{}, 100, {Distribution::uniform, 0, 1, 2, 0});
  const std::vector<double> other_stream = filled<float>(kernels::Cpu{}, 100, {Distribution::uniform, 0, 1, 1, 1});
  int equal = 0;
  for (std::size_t i = 0; i < 100; ++i)
    equal += (values[i] == other_seed[i]) + (values[i] == other_stream[i]) + (other_seed[i] == other_stream[i]);
  CHECK(equal == 0);
}

TEST_CASE("random_fill: moments") {
  const std::size_t count = 1000000;
  const auto moments = [&](const std::vector<double>& values, double mean, double deviation) {
    std::vector<double> sums(5, 0.0);
    for (const double value : values) {
      const double z = (value - mean) / deviation;
      for (int power = 1; power <= 4; ++power)
        sums[static_cast<std::size_t>(power)] += std::pow(z, power) / static_cast<double>(count);
    }
    return sums;
  };
  SECTION("uniform") {
    const std::vector<double> values = filled<float>(kernels::Cpu{}, count, {Distribution::uniform, -1, 3, 4, 0});
    for (const double value : values) {
      if (!(value >= -1 && value <= 3)) REQUIRE(value == 0);
    }
    const std::vector<double> m = moments(values, 1, 4 / std::sqrt(12.0));
    CHECK(distance(m[1], 0) <= 0.005);
    CHECK(distance(m[2], 1) <= 0.005);
    CHECK(distance(m[3], 0) <= 0.01);
    CHECK(distance(m[4], 1.8) <= 0.02);
  }
  SECTION("normal, and neighbors do not know each other") {
    const std::vector<double> values = filled<float>(kernels::Cpu{}, count, {Distribution::normal, 5, 0.5, 4, 0});
    const std::vector<double> m = moments(values, 5, 0.5);
    CHECK(distance(m[1], 0) <= 0.005);
    CHECK(distance(m[2], 1) <= 0.007);
    CHECK(distance(m[3], 0) <= 0.015);
    CHECK(distance(m[4], 3) <= 0.05);
    double products = 0, products_of_squares = 0;
    for (std::size_t i = 0; i + 1 < count; i += 2) {
      const double a = (values[i] - 5) / 0.5, b = (values[i + 1] - 5) / 0.5;
      products += a * b / static_cast<double>(count / 2);
      products_of_squares += a * a * b * b / static_cast<double>(count / 2);
    }
    CHECK(distance(products, 0) <= 0.01);
    CHECK(distance(products_of_squares, 1) <= 0.03);
  }
}

TEST_CASE("philox_normal: Box and Muller's formula to float32's precision") {
  const std::uint32_t ends[] = {0, 255, 256, 0x7fffffff, 0x80000000, 0xffffffff, 0x20000000, 0x1fffffff, 0xe0000000};
  double worst = 0;
  const auto compare = [&](std::uint32_t radius_word, std::uint32_t angle_word) {
    const double u = (static_cast<double>(radius_word >> 8U) + 1) / 16777216.0;
    const double angle = 2 * std::numbers::pi * static_cast<double>(angle_word >> 8U) / 16777216.0;
    const double radius = std::sqrt(-2 * std::log(u));
    const kernels::NormalPair pair = kernels::philox_normal(radius_word, angle_word);
    for (const double error : {distance(double{pair.first}, radius * std::cos(angle)),
                               distance(double{pair.second}, radius * std::sin(angle))})
      if (!(error <= worst)) worst = error;
  };
  for (const std::uint32_t radius_word : ends)
    for (const std::uint32_t angle_word : ends)
      compare(radius_word, angle_word);
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const kernels::PhiloxBlock block = kernels::philox(0, i, 0);
    compare(block.word[0], block.word[1]);
  }
  CAPTURE(worst);
  CHECK(worst <= 1.5e-6);
}

TEST_CASE("random_fill: refuses impossible distributions") {
  const auto refuses = [](const Fill& fill) {
    REQUIRE_THROWS_AS(filled<float>(kernels::Cpu{}, 4, fill), std::invalid_argument);
    REQUIRE_THROWS_AS(filled<float>(kernels::Simt{}, 4, fill), std::invalid_argument);
  };
  refuses({Distribution::uniform, 1, 0, 1, 0});
  refuses({Distribution::normal, 0, -1, 1, 0});
  refuses({Distribution::normal, std::nanf(""), 1, 1, 0});
  refuses({Distribution::uniform, 0, INFINITY, 1, 0});
}

}  // namespace
}  // namespace sleight::test

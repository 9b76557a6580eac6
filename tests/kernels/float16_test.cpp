// The software conversion of float16, over all its numbers, against arithmetic in double.
#include "kernels/lib/float16.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "catch2_adapter.h"

namespace sleight::test {
namespace {

// By the definition of the format.
double value_of(std::uint16_t bits) {
  const double sign = (bits & 0x8000U) != 0 ? -1.0 : 1.0;
  const int exponent = (bits >> 10U) & 31U;
  const double mantissa = bits & 1023U;
  if (exponent == 31) return mantissa != 0 ? std::nan("") : sign * std::numeric_limits<double>::infinity();
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(1024.0 + mantissa, exponent - 25);
}

constexpr std::uint16_t infinity = 0x7c00;

// The nearest of all numbers, ties to even; half a unit above the largest is infinity already.
double rounded(double value) {
  if (std::abs(value) >= 65520.0) return std::copysign(std::numeric_limits<double>::infinity(), value);
  if (value == 0.0) return value;
  const double unit = std::ldexp(1.0, std::max(std::ilogb(value), -14) - 10);
  return std::copysign(std::nearbyint(std::abs(value) / unit) * unit, value);
}

}  // namespace

TEST_CASE("float16: every number is read exactly and comes back with its own bits") {
  int wrong = 0;
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const auto bits = static_cast<std::uint16_t>(i);
    const float value = float_of_float16(bits);
    if (std::isnan(value_of(bits))) {
      wrong += !std::isnan(value) || !std::isnan(float_of_float16(float16_bits(value))) ? 1 : 0;
    } else {
      const bool same =
          std::bit_cast<std::uint64_t>(static_cast<double>(value)) == std::bit_cast<std::uint64_t>(value_of(bits));
      wrong += !same || float16_bits(value) != bits ? 1 : 0;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("float16: between any two neighbors the nearer one is taken, and the even one in the middle") {
  int wrong = 0;
  for (std::uint16_t bits = 0; bits < infinity; ++bits) {
    // Up to 65536, where infinity begins to be next.
    const double low = value_of(bits);
    const double high = bits + 1 == infinity ? 65536.0 : value_of(static_cast<std::uint16_t>(bits + 1));
    const auto middle = static_cast<float>((low + high) / 2);
    for (const float value : {middle, std::nextafter(middle, 0.0F), std::nextafter(middle, 1e9F),
                              std::nextafter(static_cast<float>(high), 0.0F)}) {
      for (const float either : {value, -value}) {
        const double expected = rounded(static_cast<double>(either));
        const double found = static_cast<double>(float_of_float16(float16_bits(either)));
        wrong += std::bit_cast<std::uint64_t>(found) == std::bit_cast<std::uint64_t>(expected) ? 0 : 1;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("float16: what lies outside of its range") {
  const float huge = std::numeric_limits<float>::infinity();
  for (const float value : {65520.0F, 65536.0F, 1e10F, 3e38F, huge}) {
    CHECK(float16_bits(value) == infinity);
    CHECK(float16_bits(-value) == (infinity | 0x8000));
  }
  for (const float value : {0.0F, 0x1p-25F, 1e-10F, 0x1p-149F}) {
    CHECK(float16_bits(value) == 0);
    CHECK(float16_bits(-value) == 0x8000);
  }
  CHECK(float16_bits(std::nextafter(0x1p-25F, 1.0F)) == 1);
  CHECK(std::isnan(float_of_float16(float16_bits(std::numeric_limits<float>::signaling_NaN()))));
}

}  // namespace sleight::test

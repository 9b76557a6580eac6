// Two normal numbers from two Philox words, the same bits on every device (Box and Muller, "A Note on the Generation of
// Random Normal Deviates", 1958).
//
//   z0 = sqrt(-2 log(u)) * cos(2 pi v)      z1 = sqrt(-2 log(u)) * sin(2 pi v)      u in (0, 1], v in [0, 1)
//
// Everything here is made of operations that IEEE 754 rounds in one way only (+, *, /, sqrt, and fused multiply-add
// where it is written), so a compiler that fuses or does not fuse by itself cannot change a bit: no product is followed
// by a sum outside fma. The series are the textbook ones, cut where the next term is below float32's last bit.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "kernels/lib/philox.h"

namespace sleight::kernels {

// log(x) for 2^-24 <= x <= 1: x = m * 2^e with sqrt(1/2) <= m < sqrt(2), log m = 2 atanh((m - 1) / (m + 1)).
SLEIGHT_HOST_DEVICE inline float portable_log(float x) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  std::int32_t exponent = static_cast<std::int32_t>(bits >> 23U) - 127;
  float mantissa = std::bit_cast<float>((bits & 0x007fffffU) | 0x3f800000U);
  if (mantissa > 1.41421356F) {
    mantissa = mantissa * 0.5F;
    exponent += 1;
  }
  const float f = (mantissa - 1.0F) / (mantissa + 1.0F);
  const float square = f * f;
  float series = std::fma(square, 1.0F / 9.0F, 1.0F / 7.0F);
  series = std::fma(square, series, 1.0F / 5.0F);
  series = std::fma(square, series, 1.0F / 3.0F);
  series = std::fma(square, series, 1.0F);
  const float log_mantissa = (2.0F * f) * series;
  return std::fma(static_cast<float>(exponent), 0.693147181F, log_mantissa);
}

struct SineCosine {
  float sine;
  float cosine;
};

// sin(2 pi v) and cos(2 pi v) for v = word / 2^24. The quarter turn is taken from the word's bits, exactly; the rest
// lies in [-pi/4, pi/4), where the Taylor series is short.
SLEIGHT_HOST_DEVICE inline SineCosine portable_sine_cosine(std::uint32_t word24) {
  const std::uint32_t quarter = ((word24 + (1U << 21U)) >> 22U) & 3U;
  const std::int32_t rest = static_cast<std::int32_t>((word24 + (1U << 21U)) & ((1U << 22U) - 1U)) - (1 << 21);
  const float x = static_cast<float>(rest) * (6.28318531F / 16777216.0F);
  const float square = x * x;
  float sine = std::fma(square, 1.0F / 362880.0F, -1.0F / 5040.0F);
  sine = std::fma(square, sine, 1.0F / 120.0F);
  sine = std::fma(square, sine, -1.0F / 6.0F);
  sine = std::fma(square, sine, 1.0F);
  sine = sine * x;
  float cosine = std::fma(square, -1.0F / 3628800.0F, 1.0F / 40320.0F);
  cosine = std::fma(square, cosine, -1.0F / 720.0F);
  cosine = std::fma(square, cosine, 1.0F / 24.0F);
  cosine = std::fma(square, cosine, -1.0F / 2.0F);
  cosine = std::fma(square, cosine, 1.0F);
  switch (quarter) {
    case 0:
      return {sine, cosine};
    case 1:
      return {cosine, -sine};
    case 2:
      return {-sine, -cosine};
    default:
      return {-cosine, sine};
  }
}

struct NormalPair {
  float first;
  float second;
};

SLEIGHT_HOST_DEVICE inline NormalPair philox_normal(std::uint32_t radius_word, std::uint32_t angle_word) {
  const float u = static_cast<float>((radius_word >> 8U) + 1U) * (1.0F / 16777216.0F);
  // log(1) is exactly 0 here; any other u has a negative logarithm, so the root is of a number that is not negative.
  const float radius = std::sqrt(-2.0F * portable_log(u));
  const SineCosine angle = portable_sine_cosine(angle_word >> 8U);
  return {radius * angle.cosine, radius * angle.sine};
}

}  // namespace sleight::kernels

// Half precision, IEEE-754 binary16: 1 sign bit, 5 of exponent, 10 of mantissa; largest 65504, smallest normal 2^-14,
// smallest 2^-24. Storage only; arithmetic happens in float32.
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/lib/host_device.h"

namespace sleight {

// The bits of the nearest float16, ties to even; 65520 and more become infinity. Every NaN becomes 0x7fff, on every
// device: it is the only one that the instruction of a GPU gives.
SLEIGHT_HOST_DEVICE inline std::uint16_t float16_bits(float value) {
#if defined(__CUDA_ARCH__)
  std::uint16_t bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
#else
  const std::uint32_t word = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (word >> 16U) & 0x8000U;
  const std::uint32_t magnitude = word & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return 0x7fffU;
  std::uint32_t bits;
  if (magnitude >= 0x47800000U) {  // 2^16
    bits = 0x7c00U;
  } else if (magnitude >= 0x38800000U) {  // 2^-14: the exponents differ by 112; a carry out of the mantissa is right
    bits = (magnitude + 0xfffU + ((magnitude >> 13U) & 1U) - 0x38000000U) >> 13U;
  } else {
    // The last bit of 0.5 is 2^-24, that of subnormal numbers: the addition rounds.
    bits = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - 0x3f000000U;
  }
  return static_cast<std::uint16_t>(sign | bits);
#endif
}

// Exact.
SLEIGHT_HOST_DEVICE inline float float_of_float16(std::uint16_t bits) {
#if defined(__CUDA_ARCH__)
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
#else
  const std::uint32_t sign = (bits & 0x8000U) << 16U;
  const std::uint32_t magnitude = bits & 0x7fffU;
  std::uint32_t word;
  if (magnitude > 0x7c00U) {
    word = 0x7fc00000U | (magnitude << 13U);
  } else if (magnitude == 0x7c00U) {
    word = 0x7f800000U;
  } else if (magnitude >= 0x400U) {
    word = (magnitude << 13U) + 0x38000000U;
  } else {
    word = std::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * 0x1p-24F);
  }
  return std::bit_cast<float>(sign | word);
#endif
}

struct float16 {
  std::uint16_t bits = 0;

  float16() = default;
  SLEIGHT_HOST_DEVICE explicit float16(float value) : bits(float16_bits(value)) {}
  SLEIGHT_HOST_DEVICE explicit operator float() const { return float_of_float16(bits); }
  SLEIGHT_HOST_DEVICE explicit operator double() const { return static_cast<double>(static_cast<float>(*this)); }
};

}  // namespace sleight

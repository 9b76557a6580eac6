// Brain floating point: the upper 16 bits of an IEEE-754 float32, so 8 bits of exponent and 7 of mantissa. Storage only;
// arithmetic happens in float32.
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/lib/host_device.h"

namespace sleight {

// The bits of the nearest bfloat16, ties to even. Every NaN becomes 0x7fff, on every device: it is the only one that
// the instruction of a GPU gives.
SLEIGHT_HOST_DEVICE inline std::uint16_t bfloat16_bits(float value) {
#if defined(__CUDA_ARCH__)
  std::uint16_t bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
#else
  const std::uint32_t word = std::bit_cast<std::uint32_t>(value);
  const bool is_nan = (word & 0x7fffffffU) > 0x7f800000U;
  const std::uint32_t rounded = (word + 0x7fffU + ((word >> 16U) & 1U)) >> 16U;
  return static_cast<std::uint16_t>(is_nan ? 0x7fffU : rounded);
#endif
}

struct bfloat16 {
  std::uint16_t bits = 0;

  bfloat16() = default;
  SLEIGHT_HOST_DEVICE explicit bfloat16(float value) : bits(bfloat16_bits(value)) {}
  SLEIGHT_HOST_DEVICE explicit operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
  }
  SLEIGHT_HOST_DEVICE explicit operator double() const { return static_cast<double>(static_cast<float>(*this)); }
};

}  // namespace sleight

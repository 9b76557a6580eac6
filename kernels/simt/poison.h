// The pattern of memory that is not yet written. Read as float32, float64, bfloat16 or float16 it is a NaN, so that
// a kernel which uses it is found out; it is no NaN that arithmetic produces, so that writing it by accident is
// unlikely.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sleight::simt {

inline constexpr std::uint16_t poison_pattern = 0xfff5;

constexpr std::byte poison_byte(std::size_t offset) {
  return offset % 2 == 0 ? std::byte{poison_pattern & 0xffU} : std::byte{poison_pattern >> 8U};
}

// Fills memory, whose address is a multiple of 2.
inline void poison(void* memory, std::size_t bytes) {
  auto* to = static_cast<std::byte*>(memory);
  for (std::size_t i = 0; i < bytes; ++i)
    to[i] = poison_byte(i);
}

// What whole memory looks like.
inline constexpr auto poison_sample = [] {
  std::array<std::byte, 512> sample{};
  for (std::size_t i = 0; i < sample.size(); ++i)
    sample[i] = poison_byte(i);
  return sample;
}();

// Offset of the first byte that is no longer poison; `bytes` when all are. The simt executor asks after every stretch
// of every thread about every buffer, so whole memory, the usual case, is told by the fastest comparison there is.
inline std::size_t first_damage(const void* memory, std::size_t bytes) {
  const auto* from = static_cast<const std::byte*>(memory);
  std::size_t i = 0;
  while (i < bytes) {
    const std::size_t part = std::min(bytes - i, poison_sample.size());
    if (std::memcmp(from + i, poison_sample.data(), part) != 0) break;
    i += part;
  }
  while (i < bytes && from[i] == poison_byte(i))
    ++i;
  return i;
}

}  // namespace sleight::simt

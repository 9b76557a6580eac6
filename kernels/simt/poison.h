// The pattern of memory that nobody has written yet. Read as float32, float64, bfloat16 or float16 it is a NaN, so that
// a kernel which uses it is found out; it is no NaN that arithmetic produces, so that writing it by accident is
// unlikely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sleight::simt {

inline constexpr std::uint16_t poison_pattern = 0xfff5;

inline std::byte poison_byte(std::size_t offset) {
  return offset % 2 == 0 ? std::byte{poison_pattern & 0xffU} : std::byte{poison_pattern >> 8U};
}

// Fills memory, whose address is a multiple of 2.
inline void poison(void* memory, std::size_t bytes) {
  auto* to = static_cast<std::byte*>(memory);
  for (std::size_t i = 0; i < bytes; ++i)
    to[i] = poison_byte(i);
}

// Offset of the first byte that is no longer poison; `bytes` when all are.
inline std::size_t first_damage(const void* memory, std::size_t bytes) {
  const auto* from = static_cast<const std::byte*>(memory);
  // Unlike equal bytes almost never: eight at a time first.
  std::size_t i = 0;
  constexpr std::uint64_t expected = 0x0001000100010001ULL * poison_pattern;
  for (; i + 8 <= bytes; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, from + i, 8);
    if (word != expected) break;
  }
  while (i < bytes && from[i] == poison_byte(i))
    ++i;
  return i;
}

}  // namespace sleight::simt

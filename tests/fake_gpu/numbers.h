// Numbers of the GPU's storage types in memory, as float32.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "kernels/lib/types.h"

namespace sleight::fake {

enum class Storage { float32, bfloat16, float16 };

inline std::int64_t bytes_of(Storage storage) {
  return storage == Storage::float32 ? 4 : 2;
}

template <class T>
float read_as(const void* memory, std::int64_t index) {
  T value;
  std::memcpy(&value, static_cast<const std::byte*>(memory) + index * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
  return static_cast<float>(value);
}
template <class T>
void write_as(void* memory, std::int64_t index, float number) {
  const T value(number);
  std::memcpy(static_cast<std::byte*>(memory) + index * static_cast<std::int64_t>(sizeof(T)), &value, sizeof(T));
}

inline float read_number(Storage storage, const void* memory, std::int64_t index) {
  if (storage == Storage::float32) return read_as<float>(memory, index);
  return storage == Storage::bfloat16 ? read_as<bfloat16>(memory, index) : read_as<float16>(memory, index);
}
inline void write_number(Storage storage, void* memory, std::int64_t index, float number) {
  if (storage == Storage::float32) return write_as<float>(memory, index, number);
  if (storage == Storage::bfloat16) return write_as<bfloat16>(memory, index, number);
  write_as<float16>(memory, index, number);
}

// As it would be after a trip through memory of this type.
inline float rounded(Storage storage, float number) {
  if (storage == Storage::bfloat16) return static_cast<float>(bfloat16(number));
  return storage == Storage::float16 ? static_cast<float>(float16(number)) : number;
}

// Ten bits of mantissa, ties to even.
inline float rounded_to_tf32(float number) {
  const auto bits = std::bit_cast<std::uint32_t>(number);
  if ((bits & 0x7F800000U) == 0x7F800000U) return number;
  return std::bit_cast<float>((bits + 0xFFFU + (bits >> 13U & 1U)) & ~0x1FFFU);
}

}  // namespace sleight::fake

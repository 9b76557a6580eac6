// CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of TFRecord files, and so of TensorBoard's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sleight {

namespace detail {

// table[b]: the remainder of the byte b followed by 32 zero bits, reflected polynomial 0x82F63B78.
constexpr std::array<std::uint32_t, 256> make_crc32c_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit)
      remainder = (remainder >> 1U) ^ ((remainder & 1U) != 0 ? 0x82F63B78U : 0U);
    table[byte] = remainder;
  }
  return table;
}

inline constexpr std::array<std::uint32_t, 256> crc32c_table = make_crc32c_table();

}  // namespace detail

constexpr std::uint32_t crc32c(std::span<const std::byte> bytes) {
  std::uint32_t remainder = 0xFFFFFFFFU;
  for (const std::byte byte : bytes) {
    remainder = (remainder >> 8U) ^ detail::crc32c_table[(remainder ^ static_cast<std::uint32_t>(byte)) & 0xFFU];
  }
  return ~remainder;
}

}  // namespace sleight

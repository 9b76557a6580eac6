#include "engine/report/font/utf8.h"

#include <array>

namespace sleight {

namespace {

constexpr std::array<char32_t, 5> smallest_of_length = {0, 0, 0x80, 0x800, 0x10000};

std::size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if ((first & 0xE0U) == 0xC0U) return 2;
  if ((first & 0xF0U) == 0xE0U) return 3;
  if ((first & 0xF8U) == 0xF0U) return 4;
  return 0;
}

}  // namespace

char32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t begin = at++;
  const std::size_t length = length_of(byte(begin));
  if (length == 1) return byte(begin);
  if (length == 0 || text.size() - begin < length) return replacement_character;
  char32_t character = byte(begin) & (0x7FU >> length);
  for (std::size_t i = begin + 1; i < begin + length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return replacement_character;
    character = character << 6U | (byte(i) & 0x3FU);
  }
  const bool is_surrogate = character >= 0xD800 && character <= 0xDFFF;
  if (character < smallest_of_length[length] || is_surrogate || character > 0x10FFFF) return replacement_character;
  at = begin + length;
  return character;
}

}  // namespace sleight

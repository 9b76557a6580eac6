// UTF-8 text as characters.
#pragma once

#include <cstddef>
#include <string_view>

namespace sleight {

// Replaces bytes that are not UTF-8.
inline constexpr char32_t replacement_character = 0xFFFD;

// Reads the character at text[at] and moves `at` past it. Needs at < text.size(). A byte that begins no valid sequence
// (RFC 3629: overlong, a surrogate, above U+10FFFF, cut off) is read as the replacement character, and `at` moves past
// that byte alone, so any bytes have a length.
char32_t next_character(std::string_view text, std::size_t& at);

}  // namespace sleight

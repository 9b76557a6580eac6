// Text as characters.
#pragma once

#include <cstddef>
#include <string_view>

namespace sleight {

// What stands for bytes that are not UTF-8.
inline constexpr char32_t replacement_character = 0xFFFD;

// The character that begins at text[at]; moves `at` to the one after it. Needs at < text.size(). A byte that begins no
// valid sequence (RFC 3629: overlong, a surrogate, above U+10FFFF, cut off) is the replacement character, and `at`
// moves on by that byte alone, so that any bytes at all have a length.
char32_t next_character(std::string_view text, std::size_t& at);

}  // namespace sleight

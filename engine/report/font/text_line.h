// A line of UTF-8 text: its characters from left to right, its width, and what of it fits.
#pragma once

#include <string>
#include <string_view>

#include "engine/report/font/font.h"

namespace sleight {

// The characters as they are drawn, from left to right. Words of Hebrew, Arabic and Syriac are turned around (their
// letters are not joined); control characters and bytes that are not UTF-8 become U+FFFD; what has no width and no
// shape (joiners, marks of direction, selectors of variants) is left out.
std::u32string drawn_order(std::string_view text);

// In pixels.
double text_width(std::string_view text, double size, const Font& font = text_font());

// The text, or as much of its beginning as fits into the width together with "…" (".." where the font lacks it); empty
// when not even one character does. A cut is between characters.
std::string shortened(std::string_view text, double width, double size, const Font& font = text_font());

// The text, a space and the note ("dog 98%"), the text shortened so that the note fits too. Either may be empty.
std::string shortened_before(std::string_view note, std::string_view text, double width, double size,
                             const Font& font = text_font());

}  // namespace sleight

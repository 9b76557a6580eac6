// A line of UTF-8 text: its characters from left to right, its width, and the part that fits.
#pragma once

#include <string>
#include <string_view>

#include "engine/report/font/font.h"

namespace sleight {

// The characters in drawing order, from left to right. Words of Hebrew, Arabic and Syriac are reversed (their letters
// are not joined); control characters and bytes that are not UTF-8 become U+FFFD; characters without width and shape
// (joiners, direction marks, variation selectors) are left out.
std::u32string drawn_order(std::string_view text);

// In pixels.
double text_width(std::string_view text, double size, const Font& font = text_font());

// The text, or as much of its beginning as fits into the width together with "…" (".." if the font lacks it); empty if
// not even one character fits. The cut is between characters.
std::string shortened(std::string_view text, double width, double size, const Font& font = text_font());

// The text, a space and the note ("dog 98%"); the text is shortened so that the note fits too. Either may be empty.
std::string shortened_before(std::string_view note, std::string_view text, double width, double size,
                             const Font& font = text_font());

}  // namespace sleight

// A built-in font: ASCII 32 to 126 in 5x8 pixels, and a box for all other characters.
#pragma once

#include "engine/report/font/font.h"

namespace sleight {

// Cells of 6 x 10 pixels at any size below 20, of 12 x 20 below 30, and so on: pixels become squares, without gray.
class BitmapFont : public Font {
 public:
  bool has(char32_t character) const override;
  LineMetrics metrics(double size) const override;
  double advance(char32_t character, double size) const override;
  double kerning(char32_t left, char32_t right, double size) const override;
  Glyph draw(char32_t character, double size, double shift) const override;
};

}  // namespace sleight

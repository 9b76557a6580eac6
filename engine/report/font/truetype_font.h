// A TrueType or OpenType font file, drawn by stb_truetype.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "engine/report/font/font.h"

namespace sleight {

// Anti-aliased in 256 steps, placed to fractions of a pixel horizontally and on whole pixels vertically. There is no
// hinting; instead each size is rounded to the nearest one at which the letter x is a whole number of pixels high (15
// becomes 14.6 in DejaVu Sans), which keeps the tops of small letters sharp.
//
// stb_truetype is unsafe on malicious files: use only fonts of the system and of this project.
class TruetypeFont : public Font {
 public:
  // Opens the first font of the file, whose bytes must outlive this object. Throws Error if there is none.
  explicit TruetypeFont(std::span<const std::byte> file);
  ~TruetypeFont() override;

  bool has(char32_t character) const override;
  LineMetrics metrics(double size) const override;
  double advance(char32_t character, double size) const override;
  double kerning(char32_t left, char32_t right, double size) const override;
  Glyph draw(char32_t character, double size, double shift) const override;

 private:
  struct Tables;

  // Pixels per unit of the font.
  float scale_of(double size) const;

  std::unique_ptr<const Tables> tables_;
};

}  // namespace sleight

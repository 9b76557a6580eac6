// Letters as coverage: the share of each pixel that a glyph covers.
#pragma once

#include <cstdint>
#include <vector>

namespace sleight {

// A drawn character. `left` and `top` place the first pixel of the coverage: in pixels to the right of the pen's pixel,
// and down from the base line (so `top` is negative for most letters).
struct Glyph {
  std::int64_t left = 0, top = 0;
  std::int64_t height = 0, width = 0;
  std::vector<std::uint8_t> coverage = {};  // [height, width], 0 nothing to 255 all of the pixel
};

// The extent of a line of text, in whole pixels above and below the base line.
struct LineMetrics {
  std::int64_t ascent = 0, descent = 0;
};

// Sizes are those of the em square in pixels. All functions may be called from many threads at once.
class Font {
 public:
  virtual ~Font() = default;

  virtual bool has(char32_t character) const = 0;
  virtual LineMetrics metrics(double size) const = 0;
  // The distance that the pen moves, in pixels. A character that the font lacks is a box, here and in draw().
  virtual double advance(char32_t character, double size) const = 0;
  // The correction of the advance of `left` if `right` follows.
  virtual double kerning(char32_t left, char32_t right, double size) const = 0;
  // Draws with the pen `shift` pixels (0 to 1) to the right of a pixel's left edge.
  virtual Glyph draw(char32_t character, double size, double shift) const = 0;
};

// The font of all text on images: the font that CMake embedded, plus the system's fonts for characters that it lacks.
// BitmapFont if CMake found none.
const Font& text_font();

}  // namespace sleight

// A picture to draw on: rectangles, text and other pictures. For sheets of pictures and for boxes drawn on them; it is
// not fast, and everything outside the picture is quietly clipped.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/data/picture.h"

namespace sleight {

struct Color {
  std::uint8_t red = 0, green = 0, blue = 0;

  bool operator==(const Color&) const = default;
};

class Canvas {
 public:
  // Text is drawn in cells of this many pixels, times the scale.
  static constexpr int character_width = 6;
  static constexpr int character_height = 10;

  Canvas(std::int64_t height, std::int64_t width, Color background);

  // All positions and sizes in pixels; (left, top) is the upper left corner, inside the rectangle.
  void fill_rectangle(std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height, Color color);
  // The border lies inside the rectangle.
  void draw_outline(std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height, Color color,
                    std::int64_t thickness = 1);
  // Printable ASCII in a 5x8 font; any other character (UTF-8) shows as a box. Returns the width drawn.
  std::int64_t draw_text(std::int64_t left, std::int64_t top, std::string_view text, Color color, int scale = 1);
  // Scaled to width x height: by whole factors up, pixels become squares (nothing is smoothed away); down, each pixel
  // is the mean of those it covers.
  void draw_picture(std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height, PictureView source);

  static std::int64_t text_width(std::string_view text, int scale = 1);

  const Picture& picture() const { return picture_; }
  Color at(std::int64_t y, std::int64_t x) const;

 private:
  Picture picture_;
};

}  // namespace sleight

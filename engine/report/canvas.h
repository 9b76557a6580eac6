// An image to draw on: rectangles, text and other images. For sheets of images and for boxes on images. It is not fast,
// and it silently clips everything outside the image.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/image/image.h"
#include "engine/report/font/font.h"

namespace sleight {

struct Color {
  std::uint8_t red = 0, green = 0, blue = 0;

  bool operator==(const Color&) const = default;
};

class Canvas {
 public:
  Canvas(std::int64_t height, std::int64_t width, Color background);

  // All positions and sizes in pixels; (left, top) is the upper left corner, inside the rectangle.
  void fill_rectangle(std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height, Color color);
  // The border lies inside the rectangle.
  void draw_outline(std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height, Color color,
                    std::int64_t thickness = 1);
  // One line of UTF-8 text, `size` pixels high (the em square), with its upper left corner at (left, top).
  // engine/report/font/text_line.h defines the characters for given bytes and measures widths.
  void draw_text(double left, std::int64_t top, std::string_view text, Color color, double size,
                 const Font& font = text_font());
  // Scales the image to width x height. Enlarging by whole factors turns pixels into squares, without smoothing;
  // reducing makes each pixel the mean of the pixels that it covers.
  void draw_image(std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height, ImageView source);

  const Image& image() const { return image_; }
  Color at(std::int64_t y, std::int64_t x) const;

 private:
  void draw_glyph(std::int64_t left, std::int64_t top, const Glyph& glyph, Color color);

  Image image_;
};

}  // namespace sleight

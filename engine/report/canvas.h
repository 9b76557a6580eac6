// An image to draw on: rectangles, text and other images. For sheets of images and for boxes drawn on them; it is not
// fast, and everything outside the image is quietly clipped.
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
  // One line of UTF-8 text, `size` pixels high (the em square), its upper left corner at (left, top). What is drawn for
  // which bytes: engine/report/font/text_line.h, which also measures widths.
  void draw_text(double left, std::int64_t top, std::string_view text, Color color, double size,
                 const Font& font = text_font());
  // Scaled to width x height: by whole factors up, pixels become squares (nothing is smoothed away); down, each pixel
  // is the mean of those it covers.
  void draw_image(std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height, ImageView source);

  const Image& image() const { return image_; }
  Color at(std::int64_t y, std::int64_t x) const;

 private:
  void draw_glyph(std::int64_t left, std::int64_t top, const Glyph& glyph, Color color);

  Image image_;
};

}  // namespace sleight

#include "engine/report/canvas.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/error.h"
#include "engine/report/font/text_line.h"

namespace sleight {

namespace {

std::uint8_t blended(std::uint8_t below, std::uint8_t above, int coverage) {
  return static_cast<std::uint8_t>((below * (255 - coverage) + above * coverage + 127) / 255);
}

}  // namespace

Canvas::Canvas(std::int64_t height, std::int64_t width, Color background) : image_(height, width) {
  fill_rectangle(0, 0, width, height, background);
}

void Canvas::fill_rectangle(std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height, Color color) {
  const std::int64_t right = std::min(left + width, image_.width());
  const std::int64_t bottom = std::min(top + height, image_.height());
  for (std::int64_t y = std::max<std::int64_t>(top, 0); y < bottom; ++y) {
    std::uint8_t* row = image_.view().row(y);
    for (std::int64_t x = std::max<std::int64_t>(left, 0); x < right; ++x) {
      row[3 * x] = color.red;
      row[3 * x + 1] = color.green;
      row[3 * x + 2] = color.blue;
    }
  }
}

void Canvas::draw_outline(std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height, Color color,
                          std::int64_t thickness) {
  const std::int64_t horizontal = std::min(thickness, height);
  const std::int64_t vertical = std::min(thickness, width);
  fill_rectangle(left, top, width, horizontal, color);
  fill_rectangle(left, top + height - horizontal, width, horizontal, color);
  fill_rectangle(left, top, vertical, height, color);
  fill_rectangle(left + width - vertical, top, vertical, height, color);
}

void Canvas::draw_glyph(std::int64_t left, std::int64_t top, const Glyph& glyph, Color color) {
  const std::int64_t first_row = std::max<std::int64_t>(0, -top);
  const std::int64_t last_row = std::min(glyph.height, image_.height() - top);
  const std::int64_t first_column = std::max<std::int64_t>(0, -left);
  const std::int64_t last_column = std::min(glyph.width, image_.width() - left);
  for (std::int64_t y = first_row; y < last_row; ++y) {
    std::uint8_t* row = image_.view().row(top + y);
    for (std::int64_t x = first_column; x < last_column; ++x) {
      const int coverage = glyph.coverage[static_cast<std::size_t>(y * glyph.width + x)];
      std::uint8_t* pixel = row + 3 * (left + x);
      pixel[0] = blended(pixel[0], color.red, coverage);
      pixel[1] = blended(pixel[1], color.green, coverage);
      pixel[2] = blended(pixel[2], color.blue, coverage);
    }
  }
}

void Canvas::draw_text(double left, std::int64_t top, std::string_view text, Color color, double size,
                       const Font& font) {
  check(size >= 1 && size <= 4096, "text of ", size, " pixels cannot be drawn");
  const std::int64_t base_line = top + font.metrics(size).ascent;
  double pen = left;
  char32_t previous = 0;
  for (const char32_t character : drawn_order(text)) {
    if (pen > static_cast<double>(image_.width()) + size) break;
    if (previous != 0) pen += font.kerning(previous, character, size);
    const double pixel = std::floor(pen);
    const Glyph glyph = font.draw(character, size, pen - pixel);
    draw_glyph(static_cast<std::int64_t>(pixel) + glyph.left, base_line + glyph.top, glyph, color);
    pen += font.advance(character, size);
    previous = character;
  }
}

void Canvas::draw_image(std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height,
                        ImageView source) {
  if (source.width <= 0 || source.height <= 0) return;
  // The source pixels of a destination pixel, at least one.
  const auto first = [](std::int64_t position, std::int64_t from, std::int64_t to) { return position * from / to; };
  const auto last = [&first](std::int64_t position, std::int64_t from, std::int64_t to) {
    return std::max(first(position + 1, from, to), first(position, from, to) + 1);
  };
  for (std::int64_t y = 0; y < height; ++y) {
    if (top + y < 0 || top + y >= image_.height()) continue;
    for (std::int64_t x = 0; x < width; ++x) {
      if (left + x < 0 || left + x >= image_.width()) continue;
      std::array<std::int64_t, 3> sum{};
      std::int64_t count = 0;
      for (std::int64_t v = first(y, source.height, height); v < last(y, source.height, height); ++v) {
        for (std::int64_t u = first(x, source.width, width); u < last(x, source.width, width); ++u, ++count) {
          for (int channel = 0; channel < 3; ++channel)
            sum[channel] += source.row(v)[3 * u + channel];
        }
      }
      std::uint8_t* pixel = image_.view().row(top + y) + 3 * (left + x);
      for (int channel = 0; channel < 3; ++channel) {
        pixel[channel] = static_cast<std::uint8_t>((sum[channel] + count / 2) / count);
      }
    }
  }
}

Color Canvas::at(std::int64_t y, std::int64_t x) const {
  check(y >= 0 && y < image_.height() && x >= 0 && x < image_.width(), "pixel (", y, ", ", x,
        ") is outside a canvas of ", image_.height(), " x ", image_.width());
  const std::uint8_t* pixel = image_.view().row(y) + 3 * x;
  return {pixel[0], pixel[1], pixel[2]};
}

}  // namespace sleight

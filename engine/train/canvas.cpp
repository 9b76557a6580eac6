#include "engine/train/canvas.h"

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/train/canvas_font.h"

namespace sleight {

namespace {

// The continuation bytes of a UTF-8 sequence belong to the character before them.
bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

}  // namespace

Canvas::Canvas(std::int64_t height, std::int64_t width, Color background) : picture_(height, width) {
  fill_rectangle(0, 0, width, height, background);
}

void Canvas::fill_rectangle(std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height, Color color) {
  const std::int64_t right = std::min(left + width, picture_.width());
  const std::int64_t bottom = std::min(top + height, picture_.height());
  for (std::int64_t y = std::max<std::int64_t>(top, 0); y < bottom; ++y) {
    std::uint8_t* row = picture_.view().row(y);
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

std::int64_t Canvas::draw_text(std::int64_t left, std::int64_t top, std::string_view text, Color color, int scale) {
  std::int64_t x = left;
  for (const char character : text) {
    if (!begins_character(character)) continue;
    for (int row = 0; row < 8; ++row) {
      for (int column = 0; column < 5; ++column) {
        if (font_pixel(character, row, column)) {
          fill_rectangle(x + column * scale, top + (row + 1) * scale, scale, scale, color);
        }
      }
    }
    x += character_width * scale;
  }
  return x - left;
}

std::int64_t Canvas::text_width(std::string_view text, int scale) {
  return std::ranges::count_if(text, begins_character) * character_width * scale;
}

void Canvas::draw_picture(std::int64_t left, std::int64_t top, std::int64_t width, std::int64_t height,
                          PictureView source) {
  if (source.width <= 0 || source.height <= 0) return;
  // The source pixels under a destination pixel, at least one.
  const auto first = [](std::int64_t position, std::int64_t from, std::int64_t to) { return position * from / to; };
  const auto last = [&first](std::int64_t position, std::int64_t from, std::int64_t to) {
    return std::max(first(position + 1, from, to), first(position, from, to) + 1);
  };
  for (std::int64_t y = 0; y < height; ++y) {
    if (top + y < 0 || top + y >= picture_.height()) continue;
    for (std::int64_t x = 0; x < width; ++x) {
      if (left + x < 0 || left + x >= picture_.width()) continue;
      std::array<std::int64_t, 3> sum{};
      std::int64_t count = 0;
      for (std::int64_t v = first(y, source.height, height); v < last(y, source.height, height); ++v) {
        for (std::int64_t u = first(x, source.width, width); u < last(x, source.width, width); ++u, ++count) {
          for (int channel = 0; channel < 3; ++channel)
            sum[channel] += source.row(v)[3 * u + channel];
        }
      }
      std::uint8_t* pixel = picture_.view().row(top + y) + 3 * (left + x);
      for (int channel = 0; channel < 3; ++channel) {
        pixel[channel] = static_cast<std::uint8_t>((sum[channel] + count / 2) / count);
      }
    }
  }
}

Color Canvas::at(std::int64_t y, std::int64_t x) const {
  check(y >= 0 && y < picture_.height() && x >= 0 && x < picture_.width(), "pixel (", y, ", ", x,
        ") is outside a canvas of ", picture_.height(), " x ", picture_.width());
  const std::uint8_t* pixel = picture_.view().row(y) + 3 * x;
  return {pixel[0], pixel[1], pixel[2]};
}

}  // namespace sleight

#include "engine/report/image_sheet.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/report/font/text_line.h"

namespace sleight {

namespace {

constexpr Color paper_color{255, 255, 255};
constexpr std::int64_t margin = 10;
constexpr std::int64_t caption_gap = 3;
// A title may make a sheet wider, but only by this much.
constexpr std::int64_t widest_added_title = 600;
constexpr std::int64_t maximum_sheet_pixels = std::int64_t{1} << 28U;

std::int64_t line_height(double text_size) {
  const LineMetrics line = text_font().metrics(text_size);
  return line.ascent + line.descent;
}

// The factor that scales the longer side of the largest image to the requested size.
double scale_for(std::int64_t longest_side, int image_size) {
  const auto longest = static_cast<double>(longest_side);
  if (image_size > 0) return image_size / longest;
  if (longest_side <= 64) return std::max(1.0, std::floor(128 / longest));
  return std::min(1.0, 224 / longest);
}

}  // namespace

Image make_image_sheet(std::span<const SheetImage> images, const SheetOptions& options) {
  check(!images.empty(), "a sheet without images cannot be drawn; give at least one");
  check(options.columns >= 0 && options.image_size >= 0 && options.text_size >= 0 && options.text_size <= 1000,
        "a sheet of ", options.columns, " columns, image size ", options.image_size, " and text of ", options.text_size,
        " pixels cannot be drawn");
  std::int64_t widest = 0;
  std::int64_t highest = 0;
  std::size_t caption_lines = 0;
  for (const SheetImage& entry : images) {
    check(entry.image.width > 0 && entry.image.height > 0, "an image of ", entry.image.height, " x ", entry.image.width,
          " pixels cannot be put on a sheet");
    widest = std::max(widest, entry.image.width);
    highest = std::max(highest, entry.image.height);
    caption_lines = std::max(caption_lines, entry.captions.size());
  }
  const double scale = scale_for(std::max(widest, highest), options.image_size);
  const auto scaled = [scale](std::int64_t size) {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(size) * scale));
  };
  const std::int64_t cell_width = scaled(widest);
  const double text_size = options.text_size > 0 ? std::max(options.text_size, 1.0)
                                                 : std::clamp(static_cast<double>(cell_width) / 28, 11.0, 20.0);
  const double title_size = 1.2 * text_size;
  const std::int64_t cell_height = scaled(highest) + (caption_lines > 0 ? caption_gap : 0) +
                                   static_cast<std::int64_t>(caption_lines) * line_height(text_size);
  const auto count = static_cast<std::int64_t>(images.size());
  const std::int64_t columns = std::min(
      count, options.columns > 0 ? std::int64_t{options.columns}
                                 : static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(count)))));
  const std::int64_t rows = (count + columns - 1) / columns;
  const std::int64_t title_height = options.title.empty() ? 0 : line_height(title_size) + margin;
  const auto title_width = static_cast<std::int64_t>(std::ceil(text_width(options.title, title_size)));
  const std::int64_t width =
      std::max(margin + columns * (cell_width + margin), std::min(title_width, widest_added_title) + 2 * margin);
  const std::int64_t height = margin + title_height + rows * (cell_height + margin);
  check(width <= maximum_sheet_pixels / height, "a sheet of ", width, " x ", height,
        " pixels is too large; show fewer or smaller images");

  Canvas canvas(height, width, paper_color);
  canvas.draw_text(margin, margin, shortened(options.title, static_cast<double>(width - 2 * margin), title_size),
                   plain_color, title_size);
  for (std::int64_t index = 0; index < count; ++index) {
    const SheetImage& entry = images[index];
    const std::int64_t left = margin + index % columns * (cell_width + margin);
    const std::int64_t top = margin + title_height + index / columns * (cell_height + margin);
    const std::int64_t image_width = scaled(entry.image.width);
    const std::int64_t image_height = scaled(entry.image.height);
    canvas.draw_image(left + (cell_width - image_width) / 2, top + (scaled(highest) - image_height) / 2, image_width,
                      image_height, entry.image);
    std::int64_t line_top = top + scaled(highest) + caption_gap;
    for (const Caption& caption : entry.captions) {
      canvas.draw_text(static_cast<double>(left), line_top,
                       shortened_before(caption.note, caption.text, static_cast<double>(cell_width), text_size),
                       caption.color, text_size);
      line_top += line_height(text_size);
    }
  }
  return canvas.image();
}

}  // namespace sleight

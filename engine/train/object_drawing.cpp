#include "engine/train/object_drawing.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/error.h"

namespace sleight {

namespace {

// Black or white, whichever is easier to read on the colour.
Color text_color_on(Color color) {
  const double grey = 0.299 * color.red + 0.587 * color.green + 0.114 * color.blue;
  return grey > 140.0 ? Color{0, 0, 0} : Color{255, 255, 255};
}

}  // namespace

Color class_color(std::int32_t class_index) {
  constexpr std::array<Color, 10> colors = {{{230, 25, 75},
                                             {60, 180, 75},
                                             {255, 200, 25},
                                             {0, 110, 230},
                                             {245, 130, 48},
                                             {145, 30, 180},
                                             {70, 220, 230},
                                             {240, 50, 230},
                                             {190, 240, 60},
                                             {128, 90, 40}}};
  const auto index = static_cast<std::uint32_t>(class_index);
  Color color = colors[index % colors.size()];
  // Further rounds are darker, so that class 11 is not class 1 again.
  for (std::uint32_t round = index / colors.size() % 4; round > 0; --round) {
    color.red = static_cast<std::uint8_t>(color.red * 7 / 10);
    color.green = static_cast<std::uint8_t>(color.green * 7 / 10);
    color.blue = static_cast<std::uint8_t>(color.blue * 7 / 10);
  }
  return color;
}

Picture draw_objects(PictureView picture, std::span<const DrawnObject> objects, int enlargement,
                     std::int64_t thickness) {
  check(picture.height > 0 && picture.width > 0 && enlargement >= 1 && enlargement <= 64 && thickness >= 1,
        "cannot draw on a picture of ", picture.width, " x ", picture.height, " pixels, enlarged ", enlargement,
        " times, with lines of ", thickness);
  Canvas canvas(picture.height * enlargement, picture.width * enlargement, {});
  canvas.draw_picture(0, 0, picture.width * enlargement, picture.height * enlargement, picture);
  for (const DrawnObject& object : objects) {
    const Box& box = object.box;
    if (!(box.area() > 0.0)) continue;
    const auto drawn = [&](double edge, std::int64_t side) {
      // Canvas clips what is outside; clamped only so that a wild box stays an integer.
      const double limit = 2.0 * static_cast<double>(side * enlargement);
      return std::llround(std::clamp(edge * enlargement, -limit, limit));
    };
    const std::int64_t left = drawn(box.left, picture.width);
    const std::int64_t top = drawn(box.top, picture.height);
    const std::int64_t width = std::max<std::int64_t>(drawn(box.right, picture.width) - left, 1);
    const std::int64_t height = std::max<std::int64_t>(drawn(box.bottom, picture.height) - top, 1);
    canvas.draw_outline(left, top, width, height, object.color, thickness);
    if (object.label.empty()) continue;
    const std::int64_t label_width = Canvas::text_width(object.label) + 3;
    const std::int64_t label_height = Canvas::character_height;
    const std::int64_t label_left =
        std::clamp<std::int64_t>(left, 0, std::max<std::int64_t>(0, picture.width * enlargement - label_width));
    const std::int64_t label_top = top >= label_height ? top - label_height : std::max<std::int64_t>(top, 0);
    canvas.fill_rectangle(label_left, label_top, label_width, label_height, object.color);
    canvas.draw_text(label_left + 2, label_top + 1, object.label, text_color_on(object.color));
  }
  return canvas.picture();
}

}  // namespace sleight

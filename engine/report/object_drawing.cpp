#include "engine/report/object_drawing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "engine/base/error.h"
#include "engine/report/class_color.h"
#include "engine/report/font/text_line.h"

namespace sleight {

namespace {

struct Rectangle {
  std::int64_t left = 0, top = 0, width = 0, height = 0;

  std::int64_t right() const { return left + width; }
  std::int64_t bottom() const { return top + height; }
};

std::int64_t overlap(const Rectangle& a, const Rectangle& b) {
  const std::int64_t width = std::min(a.right(), b.right()) - std::max(a.left, b.left);
  const std::int64_t height = std::min(a.bottom(), b.bottom()) - std::max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

double mean_side(const Canvas& canvas) {
  return static_cast<double>(canvas.image().width() + canvas.image().height()) / 2;
}

std::int64_t line_width(const Canvas& canvas) {
  return std::max<std::int64_t>(mean_side(canvas) < 200 ? 1 : 2, std::llround(0.003 * mean_side(canvas)));
}

// About two percent of an image are legible when it fills a screen; less than 11 pixels never are.
double label_size(const Canvas& canvas) {
  return std::clamp(0.022 * mean_side(canvas), 11.0, 200.0);
}

// The box in pixels of the canvas.
Rectangle drawn_rectangle(const Box& box, int enlargement, const Canvas& canvas) {
  const auto drawn = [enlargement](double edge, std::int64_t side) {
    // Canvas clips the outside; the clamp only keeps the rounded value of a far box in range.
    const double limit = 2.0 * static_cast<double>(side);
    return std::llround(std::clamp(edge * enlargement, -limit, limit));
  };
  const std::int64_t left = drawn(box.left, canvas.image().width());
  const std::int64_t top = drawn(box.top, canvas.image().height());
  return {left, top, std::max<std::int64_t>(drawn(box.right, canvas.image().width()) - left, 1),
          std::max<std::int64_t>(drawn(box.bottom, canvas.image().height()) - top, 1)};
}

// Draws labels where they cover no other label, as far as there is room.
class Labels {
 public:
  explicit Labels(Canvas& canvas) : canvas_(canvas), size_(label_size(canvas)), padding_(std::llround(0.3 * size_)) {
    const LineMetrics line = text_font().metrics(size_);
    height_ = line.ascent + line.descent;
  }

  void draw(const DrawnObject& object, const Rectangle& box) {
    if (4 * height_ > canvas_.image().height()) return;
    const std::string text = fitting_text(object, box);
    if (text.empty()) return;
    const auto width = static_cast<std::int64_t>(std::ceil(text_width(text, size_))) + 2 * padding_;
    const Rectangle place = place_for(width, box);
    canvas_.fill_rectangle(place.left, place.top, place.width, place.height, object.color);
    canvas_.draw_text(static_cast<double>(place.left + padding_), place.top, text, text_color_on(object.color), size_);
    taken_.push_back(place);
  }

 private:
  std::string fitting_text(const DrawnObject& object, const Rectangle& box) const {
    const std::int64_t image = canvas_.image().width();
    const auto room = static_cast<double>(std::min(image, std::max(box.width, image / 2)) - 2 * padding_);
    return shortened_before(object.note, object.label, room, size_);
  }

  Rectangle place_for(std::int64_t width, const Rectangle& box) const {
    const std::int64_t at_right = box.right() - width;
    const std::array<Rectangle, 6> places = {{{box.left, box.top - height_, width, height_},
                                              {box.left, box.top, width, height_},
                                              {box.left, box.bottom(), width, height_},
                                              {at_right, box.top - height_, width, height_},
                                              {at_right, box.bottom() - height_, width, height_},
                                              {at_right, box.bottom(), width, height_}}};
    Rectangle best;
    std::int64_t least = -1;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const Rectangle place = moved_inside(places[i]);
      std::int64_t covered = 0;
      for (const Rectangle& other : taken_)
        covered += overlap(place, other);
      // Above the box only if there is room; below only if the box ends inside the image.
      if (place.top != places[i].top) covered += width * height_;
      if (least < 0 || covered < least) {
        least = covered;
        best = place;
      }
    }
    return best;
  }

  Rectangle moved_inside(Rectangle place) const {
    place.left = std::clamp<std::int64_t>(place.left, 0, canvas_.image().width() - place.width);
    place.top = std::clamp<std::int64_t>(place.top, 0, canvas_.image().height() - place.height);
    return place;
  }

  Canvas& canvas_;
  double size_;
  std::int64_t padding_;
  std::int64_t height_ = 0;
  std::vector<Rectangle> taken_;
};

}  // namespace

Image draw_objects(ImageView image, std::span<const DrawnObject> objects, int enlargement, std::int64_t thickness) {
  check(image.height > 0 && image.width > 0 && enlargement >= 1 && enlargement <= 64 && thickness >= 0,
        "cannot draw on an image of ", image.width, " x ", image.height, " pixels, enlarged ", enlargement,
        " times, with lines of ", thickness);
  Canvas canvas(image.height * enlargement, image.width * enlargement, {});
  canvas.draw_image(0, 0, image.width * enlargement, image.height * enlargement, image);
  if (thickness == 0) thickness = line_width(canvas);
  const auto is_drawn = [](const DrawnObject& object) { return object.box.area() > 0.0; };
  for (const DrawnObject& object : objects) {
    if (!is_drawn(object)) continue;
    const Rectangle box = drawn_rectangle(object.box, enlargement, canvas);
    canvas.draw_outline(box.left, box.top, box.width, box.height, object.color, thickness);
  }
  Labels labels(canvas);
  for (const DrawnObject& object : objects) {
    if (is_drawn(object)) labels.draw(object, drawn_rectangle(object.box, enlargement, canvas));
  }
  return canvas.image();
}

}  // namespace sleight

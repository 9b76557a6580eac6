#include "engine/data/synthetic/arrangement.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sleight {

namespace {

constexpr std::int16_t nobody = -1;
constexpr std::int16_t bar_owner = -2;

bool is_visible_enough(std::int64_t visible, std::int64_t whole) {
  return visible > 0 && static_cast<double>(visible) >= smallest_visible_share * static_cast<double>(whole);
}

struct PixelRectangle {
  std::int64_t left, top, right, bottom;
};

// Calls take(x, y) for every pixel whose center lies in the shape, also outside the image. A square far enough from the
// outline is decided as a whole; only squares at the outline are divided into four.
template <class Take>
void visit_shape(const TexturedShape& shape, double pixel, const PixelRectangle& square, Take& take) {
  const std::int64_t side = square.right - square.left;
  const double middle_x = 0.5 * static_cast<double>(square.left + square.right) * pixel;
  const double middle_y = 0.5 * static_cast<double>(square.top + square.bottom) * pixel;
  const double distance = shape.distance_at(middle_x, middle_y);
  // The distance from the middle of the square to the center of its farthest pixel, plus a margin for rounding.
  const double farthest = std::numbers::sqrt2 * 0.5 * static_cast<double>(side - 1) * pixel;
  const bool is_decided = side == 1 || std::abs(distance) > 1.001 * farthest * shape.steepness();
  if (is_decided) {
    if (distance >= 0.0) return;
    for (std::int64_t y = square.top; y < square.bottom; ++y)
      for (std::int64_t x = square.left; x < square.right; ++x)
        take(x, y);
    return;
  }
  const std::int64_t middle_column = square.left + side / 2;
  const std::int64_t middle_row = square.top + side / 2;
  visit_shape(shape, pixel, {square.left, square.top, middle_column, middle_row}, take);
  visit_shape(shape, pixel, {middle_column, square.top, square.right, middle_row}, take);
  visit_shape(shape, pixel, {square.left, middle_row, middle_column, square.bottom}, take);
  visit_shape(shape, pixel, {middle_column, middle_row, square.right, square.bottom}, take);
}

// A square whose side is a power of two, so that it can be halved down to single pixels.
PixelRectangle square_around(const TexturedShape& shape, double pixel) {
  const auto left = static_cast<std::int64_t>(std::floor((shape.center_x - shape.reach()) / pixel));
  const auto top = static_cast<std::int64_t>(std::floor((shape.center_y - shape.reach()) / pixel));
  std::int64_t side = 1;
  while (static_cast<double>(side) * pixel < 2.0 * shape.reach() + 2.0 * pixel)
    side *= 2;
  return {left, top, left + side, top + side};
}

}  // namespace

SceneArrangement::SceneArrangement(std::int64_t height, std::int64_t width)
    : height_(height),
      width_(width),
      pixel_(1.0 / static_cast<double>(std::min(height, width))),
      owners_(static_cast<std::size_t>(height * width), nobody) {}

bool SceneArrangement::place(const TexturedShape& shape, std::int32_t class_index) {
  start_covering();
  PlacedShape placed{shape, class_index};
  const auto take = [&](std::int64_t x, std::int64_t y) {
    ++placed.whole_pixels;
    if (x >= 0 && y >= 0 && x < width_ && y < height_) cover(y * width_ + x);
  };
  visit_shape(shape, pixel_, square_around(shape, pixel_), take);
  placed.visible_pixels = static_cast<std::int64_t>(covered_.size());
  if (!is_visible_enough(placed.visible_pixels, placed.whole_pixels)) return false;
  if (!keep_cover(static_cast<Owner>(shapes_.size()))) return false;
  shapes_.push_back(placed);
  return true;
}

bool SceneArrangement::place_bar(const Stroke& bar) {
  start_covering();
  const auto center = [&](std::int64_t position) { return (static_cast<double>(position) + 0.5) * pixel_; };
  for (std::int64_t y = 0; y < height_; ++y)
    for (std::int64_t x = 0; x < width_; ++x)
      if (bar.coverage_at(center(x), center(y), pixel_) > 0.5) cover(y * width_ + x);
  return keep_cover(bar_owner);
}

int SceneArrangement::shape_at(std::int64_t y, std::int64_t x) const {
  return std::max<int>(owners_.at(static_cast<std::size_t>(y * width_ + x)), nobody);
}

std::vector<ObjectBox> SceneArrangement::boxes() const {
  std::vector<PixelRectangle> bounds(shapes_.size(), {width_, height_, 0, 0});
  for (std::int64_t y = 0; y < height_; ++y) {
    for (std::int64_t x = 0; x < width_; ++x) {
      const Owner owner = owners_[y * width_ + x];
      if (owner < 0) continue;
      PixelRectangle& bound = bounds[owner];
      bound.left = std::min(bound.left, x);
      bound.top = std::min(bound.top, y);
      bound.right = std::max(bound.right, x + 1);
      bound.bottom = std::max(bound.bottom, y + 1);
    }
  }
  std::vector<ObjectBox> boxes(shapes_.size());
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    boxes[i].box = {static_cast<double>(bounds[i].left), static_cast<double>(bounds[i].top),
                    static_cast<double>(bounds[i].right), static_cast<double>(bounds[i].bottom)};
    boxes[i].class_index = shapes_[i].class_index;
  }
  return boxes;
}

void SceneArrangement::start_covering() {
  covered_.clear();
  hidden_.assign(shapes_.size(), 0);
}

void SceneArrangement::cover(std::int64_t place) {
  const auto position = static_cast<std::size_t>(place);
  covered_.push_back(position);
  if (const Owner owner = owners_[position]; owner >= 0) ++hidden_[owner];
}

// Gives the covered pixels to their new owner, unless another shape would lose too many.
bool SceneArrangement::keep_cover(Owner owner) {
  for (std::size_t i = 0; i < shapes_.size(); ++i)
    if (!is_visible_enough(shapes_[i].visible_pixels - hidden_[i], shapes_[i].whole_pixels)) return false;
  for (std::size_t i = 0; i < shapes_.size(); ++i)
    shapes_[i].visible_pixels -= hidden_[i];
  for (const std::size_t position : covered_)
    owners_[position] = owner;
  return true;
}

}  // namespace sleight

// The visible parts of a generated scene's shapes: each shape is placed in front of the earlier ones, and none may hide
// too much of another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/data/detector/box.h"
#include "engine/data/synthetic/paint.h"

namespace sleight {

// A shape is placed only if at least this share of it is visible, and only where at least this share of every other
// shape stays visible.
inline constexpr double smallest_visible_share = 0.35;

struct PlacedShape {
  TexturedShape shape;
  std::int32_t class_index = 0;
  std::int64_t whole_pixels = 0;  // including those outside the image
  std::int64_t visible_pixels = 0;
};

class SceneArrangement {
 public:
  SceneArrangement(std::int64_t height, std::int64_t width);

  // In units of the shorter side: the side of a pixel, the image's width and height.
  double pixel() const { return pixel_; }
  double width() const { return static_cast<double>(width_) * pixel_; }
  double height() const { return static_cast<double>(height_) * pixel_; }

  // Places a shape in front of all others. Returns false and places nothing if that would hide too much of another
  // shape or if too much of the new shape lies outside the image.
  bool place(const TexturedShape& shape, std::int32_t class_index);
  // The same for an opaque bar, which is not an object.
  bool place_bar(const Stroke& bar);

  // Back to front.
  const std::vector<PlacedShape>& shapes() const { return shapes_; }
  // The shape that is visible at a pixel: the frontmost shape whose outline contains the pixel's center; -1 for none.
  int shape_at(std::int64_t y, std::int64_t x) const;
  // The smallest box around the visible pixels of each shape.
  std::vector<ObjectBox> boxes() const;

 private:
  using Owner = std::int16_t;

  void start_covering();
  void cover(std::int64_t place);
  bool keep_cover(Owner owner);

  std::int64_t height_, width_;
  double pixel_;
  std::vector<Owner> owners_;  // of every pixel
  std::vector<PlacedShape> shapes_;
  // The pixels to be covered, and how many of them belong to each shape.
  std::vector<std::size_t> covered_;
  std::vector<std::int64_t> hidden_;
};

}  // namespace sleight

// Which shapes of a generated scene can be seen where: shapes are placed one before the other, and none may hide too
// much of another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/data/detector/box.h"
#include "engine/data/synthetic/paint.h"

namespace sleight {

// A shape is placed only if at least this share of it can be seen, and only where it leaves as much of all others.
inline constexpr double smallest_visible_share = 0.35;

struct PlacedShape {
  TexturedShape shape;
  std::int32_t class_index = 0;
  std::int64_t whole_pixels = 0;  // also those outside the image
  std::int64_t visible_pixels = 0;
};

class SceneArrangement {
 public:
  SceneArrangement(std::int64_t height, std::int64_t width);

  // In units of the shorter side: the side of a pixel, the image's width and height.
  double pixel() const { return pixel_; }
  double width() const { return static_cast<double>(width_) * pixel_; }
  double height() const { return static_cast<double>(height_) * pixel_; }

  // In front of all others. False, and nothing is placed, if that would hide too much of one of them or if too much of
  // the shape itself is outside the image.
  bool place(const TexturedShape& shape, std::int32_t class_index);
  // The same for an opaque bar, which is no object.
  bool place_bar(const Stroke& bar);

  // Back to front.
  const std::vector<PlacedShape>& shapes() const { return shapes_; }
  // Which of them is seen at a pixel: the front one of those whose outline the pixel's center lies in; -1 for none.
  int shape_at(std::int64_t y, std::int64_t x) const;
  // The smallest box around the pixels of each shape that can be seen.
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
  // The pixels that are about to be covered, and how many of each shape are among them.
  std::vector<std::size_t> covered_;
  std::vector<std::int64_t> hidden_;
};

}  // namespace sleight

// Rectangles around objects, as annotations and as detections.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace sleight {

// In pixels from the upper left corner of an image; pixel (y, x) covers [y, y + 1) x [x, x + 1), so a box around
// exactly that pixel is {x, y, x + 1, y + 1}. Readers convert formats that count pixels from 1 and include the last one
// (Pascal VOC).
struct Box {
  double left = 0.0, top = 0.0, right = 0.0, bottom = 0.0;

  constexpr double width() const { return right - left; }
  constexpr double height() const { return bottom - top; }
  // 0 for a box without pixels, also if its corners are swapped.
  constexpr double area() const { return std::max(width(), 0.0) * std::max(height(), 0.0); }

  constexpr bool operator==(const Box&) const = default;
};

constexpr Box intersection(const Box& a, const Box& b) {
  return {std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right), std::min(a.bottom, b.bottom)};
}

// Intersection over union, in [0, 1]; 0 if both boxes are empty.
constexpr double intersection_over_union(const Box& a, const Box& b) {
  const double shared = intersection(a, b).area();
  const double united = a.area() + b.area() - shared;
  return united > 0.0 ? shared / united : 0.0;
}

// One annotated object of an image.
struct ObjectBox {
  Box box;
  std::int32_t class_index = 0;
  // Its share in the loss: 1, or with detection mixup its image's share.
  double weight = 1.0;
  bool is_difficult = false;  // Pascal VOC: detectors are not expected to find it
  bool is_crowd = false;      // COCO: the box surrounds many objects of the class
  // COCO: pixels inside the object's outline, which decide whether it is small, medium or large; 0 means small. If
  // absent, the box's area is used.
  std::optional<double> outline_area = std::nullopt;

  bool operator==(const ObjectBox&) const = default;
};

}  // namespace sleight

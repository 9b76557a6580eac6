#include "engine/data/detector/box_rules.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sleight {

namespace {

// Coordinates with four decimals of a share, or two of a pixel, may miss the border that they mean by this much.
constexpr double rounding = 0.5;

Box corners_of(const FourNumbers& numbers, BoxNumbers meaning, ImageSize size) {
  const auto [a, b, c, d] = numbers;
  const double width = static_cast<double>(size.width);
  const double height = static_cast<double>(size.height);
  switch (meaning) {
    case BoxNumbers::corners:
    case BoxNumbers::one_based_corners:
      return {a, b, c, d};
    case BoxNumbers::corner_and_size:
      return {a, b, a + c, b + d};
    case BoxNumbers::center_and_size:
      return {(a - c / 2) * width, (b - d / 2) * height, (a + c / 2) * width, (b + d / 2) * height};
  }
  return {};
}

}  // namespace

bool is_finite(const FourNumbers& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double number) { return std::isfinite(number); });
}

OrderedBox ordered_box(const FourNumbers& numbers, BoxNumbers meaning, ImageSize size) {
  OrderedBox ordered{corners_of(numbers, meaning, size)};
  Box& box = ordered.box;
  ordered.was_swapped = box.left > box.right || box.top > box.bottom;
  if (box.left > box.right) std::swap(box.left, box.right);
  if (box.top > box.bottom) std::swap(box.top, box.bottom);
  if (meaning == BoxNumbers::one_based_corners) {
    box.left -= 1.0;
    box.top -= 1.0;
  }
  return ordered;
}

ClippedBox clipped_box(const Box& box, ImageSize size) {
  const double width = static_cast<double>(size.width);
  const double height = static_cast<double>(size.height);
  const Box inside{std::clamp(box.left, 0.0, width), std::clamp(box.top, 0.0, height),
                   std::clamp(box.right, 0.0, width), std::clamp(box.bottom, 0.0, height)};
  const double farthest = std::max({std::abs(inside.left - box.left), std::abs(inside.top - box.top),
                                    std::abs(inside.right - box.right), std::abs(inside.bottom - box.bottom)});
  return {inside, farthest > rounding};
}

bool is_empty(const Box& box) {
  // A box of one pixel that was stored as shares of the image may come back slightly smaller.
  return box.area() < 1.0 - 1e-6;
}

}  // namespace sleight

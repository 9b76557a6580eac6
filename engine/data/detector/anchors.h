// Anchors for a dataset: k-means over the sizes of its boxes with the distance 1 - IoU of boxes that share their
// center (Redmon and Farhadi, "YOLO9000", 2017, section 2). The Euclidean distance would let large boxes decide.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sleight {

// In pixels.
struct BoxSize {
  double width = 0.0;
  double height = 0.0;

  constexpr double area() const { return width * height; }
  constexpr bool operator==(const BoxSize&) const = default;
};

// Of two boxes around one center; 0 when one of them has no area.
double centered_intersection_over_union(const BoxSize& a, const BoxSize& b);

// The mean over all boxes of the IoU with the anchor that fits best: 1 when every box has an anchor of its size.
double mean_best_intersection_over_union(std::span<const BoxSize> boxes, std::span<const BoxSize> anchors);

struct AnchorSearch {
  std::vector<BoxSize> anchors;  // by area, smallest first
  double mean_intersection_over_union = 0.0;
  // For each anchor, the number of boxes that it fits best.
  std::vector<std::int64_t> boxes_of_anchor;
  int iterations = 0;  // of the winning start
};

struct AnchorOptions {
  std::int64_t count = 9;
  std::uint64_t seed = 1;
  int starts = 10;  // the best of this many searches is kept
  int maximum_iterations = 1000;
};

// Lloyd's algorithm from k-means++ starts (Arthur and Vassilvitskii 2007), drawn from the seed: the same boxes in the
// same order give the same bits. A mean of sizes need not raise the mean IoU, so the best round of each start counts,
// not the last. Throws Error for a box without area or with a NaN, and for fewer different sizes than anchors.
AnchorSearch find_anchors(std::span<const BoxSize> boxes, const AnchorOptions& options = {});

}  // namespace sleight

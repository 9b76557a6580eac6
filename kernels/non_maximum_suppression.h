// From many overlapping boxes to the detections of an image: greedy, each class for itself.
//
//   candidates   the pairs (place, class) with scores(n, place, class) > score_threshold and four finite corners
//   order        by score, the highest first; equal scores: the lower class first, then the lower place
//   selection    the first `candidates` of an image, over all classes together
//   suppression  in that order, a candidate is kept unless a kept one of its class has IoU > overlap_threshold with it
//   detections   the first `detections` kept ones, in that order: class, score, left, top, right, bottom;
//                unused rows hold class -1 and zeros;  counts(n) = how many rows are used
//
// Source    Felzenszwalb et al., PAMI 2010, section 6.2.2; the two limits: GluonCV, nms_topk and post_nms.
// Shapes    boxes float32 [batch, places, 4]; scores float32 [batch, places, classes]; detections float32
//           [batch, detections, 6]; counts int32 [batch].
// NaN       a score that is NaN is above no threshold: never selected, and neither is a box with a NaN or an infinity.
//           Whether a network computes nonsense is not asked here.
// Types     score_threshold is rounded to float32, as the scores are. The IoU is computed in float64 from the float32
//           corners, and compared with the threshold as the quotient it is.
// Errors    candidates outside of 1..4096, detections below 1, a score threshold that is negative or NaN, an overlap
//           threshold that is NaN, places * classes >= 2^32: std::invalid_argument.
// Writes    all outputs are assigned (=) and overlap nothing. No gradient.
// Order     deterministic, with the same bits on every device: nothing is added up.
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/lib/box_overlap.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

inline constexpr int maximum_candidates = 4096;

// The numbers of a row of the detections.
struct DetectionColumn {
  enum Index : int { class_index, score, left, top, right, bottom, count };
};

struct NonMaximumSuppression {
  const float* boxes = nullptr;
  const float* scores = nullptr;
  std::int64_t batch = 0;
  std::int64_t places = 0;
  std::int64_t classes = 0;
  double score_threshold = 0.01;
  double overlap_threshold = 0.45;
  std::int32_t candidates = 400;
  std::int32_t detections = 100;
  float* found = nullptr;
  std::int32_t* counts = nullptr;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const NonMaximumSuppression&);

void non_maximum_suppression(Cpu, const NonMaximumSuppression&);
void non_maximum_suppression(Simt, const NonMaximumSuppression&);
void non_maximum_suppression(Cuda, const NonMaximumSuppression&);

// The order of candidates as one number: the higher comes first, and no two are equal. Scores here are above zero,
// where the bits of float32 are ordered as the numbers are.
SLEIGHT_HOST_DEVICE inline std::uint64_t candidate_key(float score, std::uint32_t class_and_place) {
  return (static_cast<std::uint64_t>(std::bit_cast<std::uint32_t>(score)) << 32U) | (0xffffffffU - class_and_place);
}
SLEIGHT_HOST_DEVICE inline float score_of(std::uint64_t key) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(key >> 32U));
}
// class * places + place
SLEIGHT_HOST_DEVICE inline std::uint32_t class_and_place_of(std::uint64_t key) {
  return 0xffffffffU - static_cast<std::uint32_t>(key);
}

SLEIGHT_HOST_DEVICE inline bool is_finite_box(const float* box) {
  // x - x is 0 for numbers and NaN for the others.
  return box[0] - box[0] == 0 && box[1] - box[1] == 0 && box[2] - box[2] == 0 && box[3] - box[3] == 0;
}

// `box`: four numbers of `boxes`.
SLEIGHT_HOST_DEVICE inline BoxCorners<float> corners_of(const float* box) {
  return {box[0], box[1], box[2], box[3]};
}

SLEIGHT_HOST_DEVICE inline bool suppresses(const BoxCorners<float>& kept, const BoxCorners<float>& other,
                                           double overlap_threshold) {
  const BoxOverlap<double> overlap = box_overlap<double>({kept.left, kept.top, kept.right, kept.bottom},
                                                         {other.left, other.top, other.right, other.bottom});
  return overlap.shared / overlap.united > overlap_threshold;  // two boxes without area: NaN, never above
}

}  // namespace sleight::kernels

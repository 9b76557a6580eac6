// Where a detector goes wrong: image by image, at the score from which its boxes would be shown to a user.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/metrics/detection_groups.h"

namespace sleight {

struct ImageMistakes {
  std::int64_t image = 0;
  std::vector<std::size_t> false_positives;  // positions in the list of detections, the surest first
  std::vector<std::size_t> missed;           // positions in GroundTruth::objects

  std::size_t count() const { return false_positives.size() + missed.size(); }
};

struct MistakeOptions {
  MatchingOptions matching;
  double score_threshold = 0.5;    // detections below it are not shown
  double overlap_threshold = 0.5;  // (0, 1]
};

// One entry per image, by Pascal VOC's rule of matching. Throws Error for what group_detections throws it for.
std::vector<ImageMistakes> image_mistakes(const GroundTruth& truth, std::span<const Detection> detections,
                                          const MistakeOptions& options = {});

// The `count` images with most mistakes, the worst first, equally bad ones in order; none without a mistake.
std::vector<ImageMistakes> worst_images(std::vector<ImageMistakes> images, std::size_t count);

}  // namespace sleight

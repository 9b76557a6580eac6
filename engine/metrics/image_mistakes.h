// The mistakes of a detector in each image, at the score threshold above which a user would see its boxes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/metrics/detection_groups.h"

namespace sleight {

struct ImageMistakes {
  std::int64_t image = 0;
  std::vector<std::size_t> false_positives;  // positions in the list of detections, surest first
  std::vector<std::size_t> missed;           // positions in GroundTruth::objects

  std::size_t count() const { return false_positives.size() + missed.size(); }
};

struct MistakeOptions {
  MatchingOptions matching;
  double score_threshold = 0.5;    // detections below it are not shown
  double overlap_threshold = 0.5;  // (0, 1]
};

// One entry per image, by Pascal VOC's matching rule. Throws Error as group_detections does.
std::vector<ImageMistakes> image_mistakes(const GroundTruth& truth, std::span<const Detection> detections,
                                          const MistakeOptions& options = {});

// The `count` images with the most mistakes, worst first, ties in order; images without mistakes are left out.
std::vector<ImageMistakes> worst_images(std::vector<ImageMistakes> images, std::size_t count);

}  // namespace sleight

// All metrics of one list of detections side by side: as a table for people, as JSON for programs.
#pragma once

#include <span>
#include <string>

#include "engine/metrics/detection_metrics.h"

namespace sleight {

struct DetectionScores {
  std::vector<std::string> class_names;
  std::int64_t images = 0;
  VocOptions options;  // COCO's numbers are made with options.matching
  VocMetrics voc;
  CocoMetrics coco;
};

DetectionScores score_detections(const GroundTruth& truth, std::span<const Detection> detections,
                                 const VocOptions& options);

// One row per class and one for all, in percent; then COCO's twelve numbers, and by which rules all that was counted.
std::string scores_table(const DetectionScores& scores);

// Numbers are fractions of 1; null where there is none.
std::string scores_to_json(const DetectionScores& scores);

}  // namespace sleight

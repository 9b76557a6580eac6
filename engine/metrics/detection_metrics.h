// The published measures of a detector: Pascal VOC's mAP in both forms, and COCO's twelve numbers. README.md lists the
// questions on which programs differ, and our answers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/metrics/average_precision.h"
#include "engine/metrics/detection_groups.h"

namespace sleight {

// In all metrics, equal scores are in the order of the images, within an image in the order of the list. A class
// without objects that count has no average precision, and no share in a mean. All results are 0 to 1, or empty if
// there is nothing to average. Each function throws Error as group_detections does.

struct VocOptions {
  MatchingOptions matching;
  double overlap_threshold = 0.5;  // (0, 1]
  RecallLevels recall_levels = RecallLevels::exact;
};

struct VocClass {
  std::int64_t objects = 0;  // that count
  std::int64_t detections = 0;
  std::optional<double> eleven_point;
  std::optional<double> all_point;
  PrecisionRecallCurve curve;
};

struct VocMetrics {
  std::optional<double> eleven_point;  // mAP until 2009
  std::optional<double> all_point;     // mAP from 2010 on
  std::vector<VocClass> classes;
};

VocMetrics voc_metrics(const GroundTruth& truth, std::span<const Detection> detections, const VocOptions& options = {});

// Objects up to 32x32 pixels are small, from 96x96 on large. Overlap thresholds are 0.5, 0.55, ..., 0.95. At most 100
// detections per class and image count, except where a name states another limit.
struct CocoNumbers {
  std::optional<double> average_precision;  // mean over all thresholds
  std::optional<double> average_precision_50, average_precision_75;
  std::optional<double> average_precision_small, average_precision_medium, average_precision_large;
  std::optional<double> average_recall_1, average_recall_10, average_recall_100;  // by the maximum number of detections
  std::optional<double> average_recall_small, average_recall_medium, average_recall_large;
};

// The twelve numbers in COCO's order, with their usual names.
struct CocoNumber {
  const char* name;
  std::optional<double> CocoNumbers::*member;
};
inline constexpr std::array<CocoNumber, 12> coco_numbers = {{{"AP", &CocoNumbers::average_precision},
                                                             {"AP50", &CocoNumbers::average_precision_50},
                                                             {"AP75", &CocoNumbers::average_precision_75},
                                                             {"AP small", &CocoNumbers::average_precision_small},
                                                             {"AP medium", &CocoNumbers::average_precision_medium},
                                                             {"AP large", &CocoNumbers::average_precision_large},
                                                             {"AR 1", &CocoNumbers::average_recall_1},
                                                             {"AR 10", &CocoNumbers::average_recall_10},
                                                             {"AR 100", &CocoNumbers::average_recall_100},
                                                             {"AR small", &CocoNumbers::average_recall_small},
                                                             {"AR medium", &CocoNumbers::average_recall_medium},
                                                             {"AR large", &CocoNumbers::average_recall_large}}};

struct CocoClass {
  std::int64_t objects = 0;  // that count
  std::int64_t detections = 0;
  CocoNumbers numbers;
};

struct CocoMetrics {
  CocoNumbers numbers;  // means over the classes
  std::vector<CocoClass> classes;
};

CocoMetrics coco_metrics(const GroundTruth& truth, std::span<const Detection> detections,
                         const MatchingOptions& options = {});

}  // namespace sleight

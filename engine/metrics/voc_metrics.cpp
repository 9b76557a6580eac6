#include "engine/base/error.h"
#include "engine/metrics/detection_metrics.h"

namespace sleight {

namespace {

std::optional<double> mean_over_classes(const std::vector<VocClass>& classes, std::optional<double> VocClass::*number) {
  double sum = 0.0;
  std::int64_t count = 0;
  for (const VocClass& one : classes) {
    if (!(one.*number)) continue;
    sum += *(one.*number);
    ++count;
  }
  return count > 0 ? std::optional(sum / static_cast<double>(count)) : std::nullopt;
}

}  // namespace

VocMetrics voc_metrics(const GroundTruth& truth, std::span<const Detection> detections, const VocOptions& options) {
  check(options.overlap_threshold > 0.0 && options.overlap_threshold <= 1.0, "the overlap threshold is ",
        options.overlap_threshold, "; give a number above 0 and up to 1");
  VocMetrics metrics;
  for (const ClassGroups& one_class : group_detections(truth, detections, options.matching)) {
    std::vector<ScoredVerdict> verdicts;
    verdicts.reserve(static_cast<std::size_t>(one_class.detections));
    for (const DetectionGroup& group : one_class.groups) {
      const std::vector<VocMatch> found = match_voc(group, options.overlap_threshold);
      for (std::size_t i = 0; i < found.size(); ++i)
        verdicts.push_back({group.detections[i].score, found[i].verdict});
    }
    VocClass result{.objects = one_class.objects,
                    .detections = one_class.detections,
                    .eleven_point = {},
                    .all_point = {},
                    .curve = precision_recall_curve(std::move(verdicts), one_class.objects)};
    if (result.objects > 0) {
      result.eleven_point = voc_eleven_point_average_precision(result.curve, options.recall_levels);
      result.all_point = voc_all_point_average_precision(result.curve);
    }
    metrics.classes.push_back(std::move(result));
  }
  metrics.eleven_point = mean_over_classes(metrics.classes, &VocClass::eleven_point);
  metrics.all_point = mean_over_classes(metrics.classes, &VocClass::all_point);
  return metrics;
}

}  // namespace sleight

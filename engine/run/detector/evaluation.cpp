#include "engine/run/detector/evaluation.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/run/detector/images.h"
#include "engine/run/evaluation_feeder.h"
#include "engine/train/batch_schedule.h"

namespace sleight {

std::span<const Detection> detections_of(std::span<const Detection> detections, std::int64_t image) {
  return std::ranges::equal_range(detections, image, {}, &Detection::image);
}

FoundInImages detect_all(Detector& detector, const DetectorDataset& dataset, const DetectionPass& pass) {
  check(dataset.size() > 0, "there are no images to evaluate");
  const EvaluationSchedule<DetectorBatchRequest> schedule{
      .images = dataset.size(), .batch_size = pass.batch_size, .image_size = pass.image_size, .recipe = pass.recipe};
  DetectorLoader loader(dataset, schedule,
                        {.threads = pass.loader_threads,
                         .slots = evaluation_slots,
                         .maximum_batch_size = pass.batch_size,
                         .maximum_height = pass.image_size,
                         .maximum_width = pass.image_size,
                         .allocate_pixels = pinned_pixels(detector.learner().device())},
                        maximum_objects_of(dataset, false));
  FoundInImages all;
  std::vector<ProgramUse> uses = {ProgramUse::evaluation};
  if (pass.averaged) uses.push_back(ProgramUse::averaged_evaluation);
  evaluate_batches(detector.learner(), loader, uses, Detector::evaluation_inputs,
                   [&](const DetectorBatch& batch, std::size_t use, const Executable& executable) {
                     const FoundObjects found = Detector::found_by(executable);
                     for (std::int64_t i = 0; i < batch.size(); ++i) {
                       const auto place = static_cast<std::size_t>(i);
                       if (batch.is_replaced(i)) continue;
                       found.append(i, batch.transforms()[place], batch.image_sizes()[place], batch.samples()[place],
                                    use == 0 ? all.plain : all.averaged);
                     }
                   });
  all.broken = loader.broken_images();
  return all;
}

std::vector<std::int64_t> positions_of(std::span<const BrokenImage> broken) {
  std::vector<std::int64_t> positions;
  for (const BrokenImage& image : broken)
    positions.push_back(image.index);
  std::ranges::sort(positions);
  return positions;
}

GroundTruth readable_truth(const DetectorDataset& dataset, std::span<const BrokenImage> broken) {
  return ground_truth_of(dataset, positions_of(broken));
}

DetectionScores score_detections(const DetectorDataset& dataset, std::span<const Detection> detections,
                                 std::span<const BrokenImage> broken) {
  return score_detections(readable_truth(dataset, broken), detections, VocOptions());
}

double value_of(const DetectionScores& scores, DetectionMetric metric) {
  switch (metric) {
    case DetectionMetric::voc07:
      return scores.voc.eleven_point.value_or(0.0);
    case DetectionMetric::voc:
      return scores.voc.all_point.value_or(0.0);
    case DetectionMetric::coco:
      break;
  }
  return scores.coco.numbers.average_precision.value_or(0.0);
}

DetectionReport detection_report(const DetectorDataset& dataset, const DetectionScores& scores, DetectionMetric metric,
                                 std::span<const Detection> detections, std::span<const BrokenImage> broken,
                                 std::size_t scenes) {
  DetectionReport report;
  report.metric = name_of(metric);
  for (std::size_t k = 0; k < scores.voc.classes.size(); ++k) {
    const VocClass& entry = scores.voc.classes[k];
    ReportClass shown{.name = dataset.class_names()[k], .objects = entry.objects, .detections = entry.detections};
    switch (metric) {
      case DetectionMetric::voc07:
        shown.average_precision = entry.eleven_point;
        break;
      case DetectionMetric::voc:
        shown.average_precision = entry.all_point;
        break;
      case DetectionMetric::coco:
        shown.average_precision = scores.coco.classes[k].numbers.average_precision;
        break;
    }
    if (entry.objects > 0) {
      for (const CurvePoint& point : entry.curve.points)
        shown.curve.push_back({point.recall(entry.objects), point.precision()});
    }
    report.classes.push_back(std::move(shown));
  }
  report.worst = worst_scenes(dataset, readable_truth(dataset, broken), detections, scenes);
  report.legend = worst_scenes_legend;
  return report;
}

}  // namespace sleight

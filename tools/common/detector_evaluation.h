// One pass over pictures: what a detector finds in them, and how good that is.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/detection_loader.h"
#include "engine/train/detector.h"
#include "engine/train/report_detection.h"
#include "tools/common/detection_scores.h"
#include "tools/common/detector_options.h"

namespace sleight {

struct DetectionPass {
  std::int64_t batch_size = 0;
  std::int64_t image_size = 0;
  int loader_threads = 1;
  DetectionRecipe recipe;
  bool averaged = false;  // the moving averages of the weights as well
};

// In pixels of the pictures as they are stored. Pictures that cannot be read have no detections.
struct FoundInPictures {
  std::vector<Detection> plain, averaged;
  std::vector<BrokenPicture> broken;
};

// Those of one picture, of a list in the order of the pictures, as detect_all makes it.
std::span<const Detection> detections_of(std::span<const Detection> detections, std::int64_t picture);

FoundInPictures detect_all(Detector& detector, const DetectionDataset& dataset, const DetectionPass& pass);

// By every metric. Objects of broken pictures do not count: nobody could have found them.
DetectionScores score_detections(const DetectionDataset& dataset, std::span<const Detection> detections,
                                 std::span<const BrokenPicture> broken);
// Positions in the data set, rising.
std::vector<std::int64_t> positions_of(std::span<const BrokenPicture> broken);
GroundTruth readable_truth(const DetectionDataset& dataset, std::span<const BrokenPicture> broken);
// 0 where there is no object to find.
double value_of(const DetectionScores& scores, DetectionMetric metric);

// For report.html: per class, curves and the worst pictures.
DetectionReport detection_report(const DetectionDataset& dataset, const DetectionScores& scores, DetectionMetric metric,
                                 std::span<const Detection> detections, std::span<const BrokenPicture> broken,
                                 std::size_t scenes);

}  // namespace sleight

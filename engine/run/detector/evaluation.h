// One pass over images: what a detector finds in them, and how good that is.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/detector/loader.h"
#include "engine/report/detection_report.h"
#include "engine/run/detector/options.h"
#include "engine/run/detector/scores.h"
#include "engine/train/detector.h"

namespace sleight {

struct DetectionPass {
  std::int64_t batch_size = 0;
  std::int64_t image_size = 0;
  int loader_threads = 1;
  DetectorAugmentation recipe;
  bool averaged = false;  // the moving averages of the weights as well
};

// In pixels of the images as they are stored. Images that cannot be read have no detections.
struct FoundInImages {
  std::vector<Detection> plain, averaged;
  std::vector<BrokenImage> broken;
};

// Those of one image, of a list in the order of the images, as detect_all makes it.
std::span<const Detection> detections_of(std::span<const Detection> detections, std::int64_t image);

FoundInImages detect_all(Detector& detector, const DetectorDataset& dataset, const DetectionPass& pass);

// By every metric. Objects of broken images do not count: nobody could have found them.
DetectionScores score_detections(const DetectorDataset& dataset, std::span<const Detection> detections,
                                 std::span<const BrokenImage> broken);
// Positions in the dataset, rising.
std::vector<std::int64_t> positions_of(std::span<const BrokenImage> broken);
GroundTruth readable_truth(const DetectorDataset& dataset, std::span<const BrokenImage> broken);
// 0 where there is no object to find.
double value_of(const DetectionScores& scores, DetectionMetric metric);

// For report.html: per class, curves and the worst images.
DetectionReport detection_report(const DetectorDataset& dataset, const DetectionScores& scores, DetectionMetric metric,
                                 std::span<const Detection> detections, std::span<const BrokenImage> broken,
                                 std::size_t scenes);

}  // namespace sleight

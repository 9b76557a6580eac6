// Detections, and the annotated objects that they are measured against.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/data/detector/box.h"

namespace sleight {

class DetectorDataset;

// One box that a detector reports.
struct Detection {
  std::int64_t image = 0;  // position in the dataset
  std::int32_t class_index = 0;
  double score = 0.0;  // a higher score is surer; metrics use only the order of scores
  Box box;

  bool operator==(const Detection&) const = default;
};

struct TrueObject {
  std::int64_t image = 0;
  ObjectBox object;

  bool operator==(const TrueObject&) const = default;
};

// All annotated objects of a split. An image without objects counts as well: every detection in it is wrong.
struct GroundTruth {
  std::int64_t images = 0;
  std::vector<std::string> class_names;
  std::vector<TrueObject> objects;  // an image's objects are in the order of the annotation
};

// Without the objects of `unreadable` images, which a detector cannot find.
GroundTruth ground_truth_of(const DetectorDataset& dataset, std::span<const std::int64_t> unreadable = {});

}  // namespace sleight

// What a detector says, and what it is measured against.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/data/box.h"

namespace sleight {

class DetectionDataset;

// One box that a detector reports.
struct Detection {
  std::int64_t picture = 0;  // position in the data set
  std::int32_t class_index = 0;
  double score = 0.0;  // higher is surer; only the order of scores enters a metric
  Box box;

  bool operator==(const Detection&) const = default;
};

struct TrueObject {
  std::int64_t picture = 0;
  ObjectBox object;

  bool operator==(const TrueObject&) const = default;
};

// All annotated objects of a split. A picture without objects counts as well: whatever is detected in it is wrong.
struct GroundTruth {
  std::int64_t pictures = 0;
  std::vector<std::string> class_names;
  std::vector<TrueObject> objects;  // those of one picture in the order of the annotation
};

// Without the objects of `unreadable` pictures, which nobody could have found.
GroundTruth ground_truth_of(const DetectionDataset& dataset, std::span<const std::int64_t> unreadable = {});

}  // namespace sleight

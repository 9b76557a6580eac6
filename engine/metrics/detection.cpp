#include "engine/metrics/detection.h"

#include <algorithm>

#include "engine/data/detector/dataset.h"

namespace sleight {

GroundTruth ground_truth_of(const DetectorDataset& dataset, std::span<const std::int64_t> unreadable) {
  GroundTruth truth{.images = dataset.size(), .class_names = dataset.class_names(), .objects = {}};
  for (std::int64_t image = 0; image < dataset.size(); ++image) {
    if (std::ranges::find(unreadable, image) != unreadable.end()) continue;
    for (const ObjectBox& object : dataset.objects(image))
      truth.objects.push_back({image, object});
  }
  return truth;
}

}  // namespace sleight

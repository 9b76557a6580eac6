#include "engine/train/detection.h"

#include <algorithm>

#include "engine/data/detection_dataset.h"

namespace sleight {

GroundTruth ground_truth_of(const DetectionDataset& dataset, std::span<const std::int64_t> unreadable) {
  GroundTruth truth{.pictures = dataset.size(), .class_names = dataset.class_names(), .objects = {}};
  for (std::int64_t picture = 0; picture < dataset.size(); ++picture) {
    if (std::ranges::find(unreadable, picture) != unreadable.end()) continue;
    for (const ObjectBox& object : dataset.objects(picture))
      truth.objects.push_back({picture, object});
  }
  return truth;
}

}  // namespace sleight

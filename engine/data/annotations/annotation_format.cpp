#include "engine/data/annotations/annotation_format.h"

#include <array>

namespace sleight {

std::span<const AnnotationFormat* const> annotation_formats() {
  // clang-format off
  static const std::array formats = {
      &voc_format(),
      &coco_format(),
      &yolo_format(),
  };
  // clang-format on
  return formats;
}

SplitNames find_usual_splits(const SplitNames& wanted, const std::function<bool(const std::string& split)>& has_split) {
  SplitNames found = wanted;
  if (found.training.empty() && has_split("train")) found.training = "train";
  for (const char* name : {"val", "valid", "validation", "test"})
    if (found.evaluation.empty() && has_split(name)) found.evaluation = name;
  return found;
}

}  // namespace sleight

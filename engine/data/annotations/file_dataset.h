// From what a format's files state to a dataset: classes get their final numbers, images their sizes, and every box
// goes through the rules of box_rules.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/data/annotations/annotation_format.h"
#include "engine/data/detector/dataset.h"

namespace sleight {

// What is done with an object whose class is not in the list.
enum class UnknownClass : std::uint8_t { is_an_error, is_left_out };

// By which of the rules (engine/data/detector/box_rules.h).
struct ObjectRules {
  UnknownClass unknown = UnknownClass::is_an_error;
  DatasetSplit split = DatasetSplit::training;
  DifficultObjects difficult_in_training = DifficultObjects::keep;
  ExifOrientation exif = ExifOrientation::applied;
};

// Throws Error for a class that is not in `class_names`, naming the first image, when that is an error; when no box
// at all is left; when more than a few images have another size than their annotations state; and for training when
// too many cannot be read.
OpenedDetectorDataset make_file_detector_dataset(std::shared_ptr<const FileTree> tree, AnnotatedSplit split,
                                                 const std::vector<std::string>& class_names, const ObjectRules& rules);

}  // namespace sleight

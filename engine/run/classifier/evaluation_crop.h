// What an evaluation sees of an image: all of it, or the center of it.
#pragma once

#include <optional>
#include <string>

#include "engine/base/options.h"
#include "engine/data/classifier/augmentation.h"

namespace sleight {

// "whole" and "center", the two crops without draws. Throws Error for anything else, and for crops with draws.
CropKind parse_evaluation_crop(const std::string& name);
std::string name_of_evaluation_crop(CropKind crop);

struct EvaluationCropOptions {
  // Not given: as it would be otherwise.
  std::optional<std::string> crop;
  std::optional<double> fraction;  // of the short side

  // --evaluation-crop, --crop-fraction. default_crop, default_fraction: what --help says.
  void declare(OptionList& options, const std::string& default_crop, const std::string& default_fraction);
  // What was given, over `otherwise`; the variables then hold what was decided. Throws Error for a fraction of the whole
  // image.
  ClassifierAugmentation resolve(const ClassifierAugmentation& otherwise);
};

}  // namespace sleight

// The defaults of a detector's training, apart from its tricks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/detector/augmentation.h"
#include "engine/run/training_recipe.h"

namespace sleight {

struct DetectorRecipe : TrainingRecipe {
  DetectorAugmentation training_augmentation, evaluation_augmentation;
};

// epochs 0: 200. Without tricks it is darknet's training as BoF (arXiv 1902.04103) describes it: batches of 64, decay
// 5e-4, all augmentation but mixup.
DetectorRecipe default_detector_recipe(std::int64_t epochs);

// See describe(const ClassifierRecipe&).
std::vector<std::string> describe(const DetectorRecipe& recipe);

}  // namespace sleight

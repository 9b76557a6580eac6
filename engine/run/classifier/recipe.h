// What the training of a classifier uses beside its tricks when nobody says otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/classifier/augmentation.h"
#include "engine/run/training_recipe.h"
#include "engine/train/classifier_model.h"

namespace sleight {

struct ClassifierRecipe : TrainingRecipe {
  ClassifierAugmentation training_augmentation, evaluation_augmentation;
};

// epochs 0: 120 for imagenet, 200 for cifar. In a short training, unless it is without tricks, random resized crops keep
// at least 35% of the area instead of 8%.
ClassifierRecipe default_classifier_recipe(ClassifierFamily family, TrickSet tricks, std::int64_t epochs);

// For the head of a run's log, before what the tricks say.
std::vector<std::string> describe(const ClassifierRecipe& recipe);

}  // namespace sleight

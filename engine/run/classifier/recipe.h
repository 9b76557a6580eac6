// The defaults of a classifier's training, apart from its tricks.
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

// "imagenet", "imagenet-hue", "cifar" or "none". In a short training, unless it is without tricks, random resized crops
// keep at least 35% of the area instead of 8%.
ClassifierAugmentation training_augmentation(const std::string& name, TrickSet tricks, std::int64_t epochs);
std::vector<std::string> training_augmentations();
std::string default_training_augmentation(ClassifierFamily family);

// What images are evaluated on that were trained on with this: the whole image, as it was trained on, or, after random
// resized crops, the center, whose objects have about the size that they had in the crops.
ClassifierAugmentation evaluation_augmentation_for(const ClassifierAugmentation& training);

// epochs 0: 120 for imagenet, 200 for cifar.
ClassifierRecipe default_classifier_recipe(ClassifierFamily family, TrickSet tricks, std::int64_t epochs);

// For the head of a run's log, before the lines of the tricks.
std::vector<std::string> describe(const ClassifierRecipe& recipe);

}  // namespace sleight

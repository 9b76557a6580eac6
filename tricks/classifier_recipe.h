// What the training of a classifier uses beside its tricks when nobody says otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/classifier/augmentation.h"
#include "tricks/training_recipe.h"

namespace sleight {

// imagenet: ResNet-18 to -152 and their like, random resized crops. cifar: the small ResNets, padded crops.
enum class ModelFamily : std::uint8_t { imagenet, cifar };

struct ClassifierRecipe : TrainingRecipe {
  ClassifierAugmentation training_augmentation, evaluation_augmentation;
};

// epochs 0: 120 for imagenet, 200 for cifar. In a short training, unless it is without tricks, random resized crops keep
// at least 35% of the area instead of 8%.
ClassifierRecipe default_classifier_recipe(ModelFamily family, TrickSet tricks, std::int64_t epochs);

// For the head of a run's log, before what the tricks say.
std::vector<std::string> describe(const ClassifierRecipe& recipe);

}  // namespace sleight

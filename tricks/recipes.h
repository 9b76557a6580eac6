// Which tricks and which numbers the training of a classifier uses when nobody says otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/augmentation.h"
#include "tricks/label_smoothing.h"
#include "tricks/mixup.h"
#include "tricks/training_recipe.h"

namespace sleight {

// imagenet: ResNet-18 to -152 and their like, random resized crops. cifar: the small ResNets, padded crops.
enum class ModelFamily : std::uint8_t { imagenet, cifar };

struct Recipe : TrainingRecipe {
  bool zero_gamma = false;

  double mixup_alpha = 0.0;  // 0: off
  std::int64_t mixup_off_epochs = 0;
  MixupLambda mixup_lambda = MixupLambda::per_batch;
  double label_smoothing = 0.0;  // 0: off
  kernels::Smoothing smoothing = kernels::Smoothing::others;

  AugmentationRecipe training_augmentation, evaluation_augmentation;
};

// A training of fewer epochs is a short one: what pays off only in the long run is left out of it or made milder.
inline constexpr std::int64_t short_training_epochs = 30;

// epochs 0: 120 for imagenet, 200 for cifar. What is counted in epochs shrinks with a shorter training: a warm-up of 5
// epochs and 20 last epochs without mixup become a tenth of the training when that is less. In a short training (above)
//   standard, all: random resized crops keep at least 35% of the area instead of 8%;
//   standard:      no zero gamma: a network that starts as its shortcuts alone may need more steps to leave that start
//                  than the training has;
//   all:           mixup with alpha 0.2, and a moving average whose decay warms up.
// Image sizes are in pixels.
Recipe default_recipe(ModelFamily family, TrickSet tricks, std::int64_t epochs, std::int64_t image_size);

// One line for each choice, for the head of a run's log: where conventions differ, which one is in force.
std::vector<std::string> describe(const Recipe& recipe);

}  // namespace sleight

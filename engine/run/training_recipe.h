// The settings that every training needs, apart from its tricks and its task.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/ops/ops.h"
#include "engine/train/trick.h"

namespace sleight {

// "standard", "all" or "none"; throws Error for anything else.
TrickSet parse_trick_set(const std::string& text);

struct TrainingRecipe {
  std::int64_t epochs = 0;
  std::int64_t batch_size = 0;  // over all ranks

  double momentum = 0.9;
  bool nesterov = true;
  double weight_decay = 0.0;

  ops::Normalization normalization;
};

// The default batch size: the recipe's, halved while an epoch has fewer than 100 steps, but not below 16, where batch
// norm's statistics become too noisy. With 1,000 images, batches of 128 give only 8 steps per epoch, too few to learn
// from.
std::int64_t batch_size_for(const TrainingRecipe& recipe, std::int64_t images);

// For the head of a run's log: the length and the optimizer.
std::vector<std::string> describe_training(const TrainingRecipe& recipe);

}  // namespace sleight

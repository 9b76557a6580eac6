// What every training needs to be told beside its tricks, whatever it learns.
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

// The batch size when nobody says otherwise: that of the recipe, halved while an epoch has fewer than 100 steps, but
// not below 16, where batch norm's statistics get too noisy. 128 images at a time are 8 steps an epoch for 1,000
// images: nothing is learned in that.
std::int64_t batch_size_for(const TrainingRecipe& recipe, std::int64_t images);

// For the head of a run's log: how long, and the optimizer.
std::vector<std::string> describe_training(const TrainingRecipe& recipe);

}  // namespace sleight

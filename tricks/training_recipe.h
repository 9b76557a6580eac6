// What every training needs to be told, whatever it learns: how long, how fast, and with which of the general tricks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/ops/ops.h"
#include "engine/train/trick.h"
#include "tricks/learning_rate.h"
#include "tricks/random_shapes.h"

namespace sleight {

// "standard", "all" or "none"; throws Error for anything else.
TrickSet parse_trick_set(const std::string& text);

struct TrainingRecipe {
  std::int64_t epochs = 0;
  std::int64_t batch_size = 0;  // over all ranks

  double learning_rate = 0.0;  // per 256 pictures of a batch when linear_scaling, else as it is
  bool linear_scaling = false;
  Decay decay = Decay::step;
  std::vector<double> milestones;  // epochs, for Decay::step
  double step_multiplier = 0.1;
  double warm_up_epochs = 0.0;
  WarmUp warm_up = WarmUp::linear;

  double momentum = 0.9;
  bool nesterov = true;
  double weight_decay = 0.0;
  bool no_bias_decay = false;

  std::optional<RandomShapesOptions> random_shapes;
  double ema_decay = 0.0;  // 0: off
  bool ema_warm_up = false;

  ops::Normalisation normalisation;

  // The rate that the schedule starts from.
  double base_rate() const;
  // The schedule for this many iterations in an epoch; throws Error where LearningRate does.
  LearningRateOptions learning_rate_options(std::int64_t iterations_per_epoch) const;
};

// Throws Error for numbers that no training can use, naming the flag of the tools.
void check_recipe(const TrainingRecipe& recipe);

// The batch size when nobody says otherwise: that of the recipe, halved while an epoch has fewer than 100 steps, but
// not below 16, where batch norm's statistics get too noisy. 128 pictures at a time are 8 steps an epoch for 1,000
// pictures: nothing is learnt in that.
std::int64_t batch_size_for(const TrainingRecipe& recipe, std::int64_t pictures);

// One line for each choice, for the head of a run's log: where conventions differ, which one is in force.
std::vector<std::string> describe_schedule(const TrainingRecipe& recipe);
std::string describe_random_shapes(const TrainingRecipe& recipe);
std::string describe_ema(const TrainingRecipe& recipe);

}  // namespace sleight

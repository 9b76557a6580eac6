// Which tricks and which numbers a training uses when nobody says otherwise: one plain struct for each family of
// models.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/augmentation.h"
#include "engine/ops/ops.h"
#include "tricks/label_smoothing.h"
#include "tricks/learning_rate.h"
#include "tricks/mixup.h"
#include "tricks/random_shapes.h"

namespace sleight {

// imagenet: ResNet-18 to -152 and their like, random resized crops. cifar: the small ResNets, padded crops.
enum class ModelFamily : std::uint8_t { imagenet, cifar };

// standard: what costs nothing and pays off in a training of its length. all: every trick. none: the bare baseline.
enum class TrickSet : std::uint8_t { standard, all, none };

// "standard", "all" or "none"; throws Error for anything else.
TrickSet parse_trick_set(const std::string& text);

struct Recipe {
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
  bool zero_gamma = false;

  double mixup_alpha = 0.0;  // 0: off
  std::int64_t mixup_off_epochs = 0;
  MixupLambda mixup_lambda = MixupLambda::per_batch;
  double label_smoothing = 0.0;  // 0: off
  kernels::Smoothing smoothing = kernels::Smoothing::others;
  std::optional<RandomShapesOptions> random_shapes;
  double ema_decay = 0.0;  // 0: off
  bool ema_warm_up = false;

  AugmentationRecipe training_augmentation, evaluation_augmentation;
  ops::Normalisation normalisation;

  // The rate that the schedule starts from.
  double base_rate() const;
  // The schedule for this many iterations in an epoch; throws Error where LearningRate does.
  LearningRateOptions learning_rate_options(std::int64_t iterations_per_epoch) const;
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

// The batch size when nobody says otherwise: that of the recipe, halved while an epoch has fewer than 100 steps, but
// not below 16, where batch norm's statistics get too noisy. 128 pictures at a time are 8 steps an epoch for 1,000
// pictures: nothing is learnt in that.
std::int64_t batch_size_for(const Recipe& recipe, std::int64_t pictures);

// One line for each choice, for the head of a run's log: where conventions differ, which one is in force.
std::vector<std::string> describe(const Recipe& recipe);

}  // namespace sleight

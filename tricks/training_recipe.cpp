#include "tricks/training_recipe.h"

#include <array>
#include <cmath>

#include "engine/base/choice.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "tricks/linear_scaling.h"

namespace sleight {

namespace {

constexpr std::array<Named<TrickSet>, 3> trick_sets = {
    {{TrickSet::standard, "standard"}, {TrickSet::all, "all"}, {TrickSet::none, "none"}}};

constexpr std::int64_t smallest_default_batch = 16;
constexpr std::int64_t fewest_default_steps = 100;

}  // namespace

TrickSet parse_trick_set(const std::string& text) {
  return parse_choice(trick_sets, "the set of tricks", text);
}

double TrainingRecipe::base_rate() const {
  return linear_scaling ? linearly_scaled_rate(learning_rate, batch_size) : learning_rate;
}

LearningRateOptions TrainingRecipe::learning_rate_options(std::int64_t iterations_per_epoch) const {
  LearningRateOptions options{.base_rate = base_rate(),
                              .iterations = epochs * iterations_per_epoch,
                              .warm_up_iterations = iterations_of(warm_up_epochs, iterations_per_epoch),
                              .warm_up = warm_up,
                              .decay = decay,
                              .step_multiplier = step_multiplier};
  for (const double epoch : milestones)
    options.milestones.push_back(iterations_of(epoch, iterations_per_epoch));
  return options;
}

void check_recipe(const TrainingRecipe& recipe) {
  check(recipe.epochs >= 1, "--epochs must be at least 1, got ", recipe.epochs);
  check(recipe.batch_size >= 1, "--batch-size must be at least 1, got ", recipe.batch_size);
  check(recipe.learning_rate > 0.0 && std::isfinite(recipe.learning_rate),
        "--learning-rate must be a positive number, got ", recipe.learning_rate);
  check(recipe.momentum >= 0.0 && recipe.momentum < 1.0, "--momentum must be in [0, 1), got ", recipe.momentum);
  check(recipe.weight_decay >= 0.0 && std::isfinite(recipe.weight_decay),
        "--weight-decay must be a number and not negative, got ", recipe.weight_decay);
  check(recipe.ema_decay >= 0.0 && recipe.ema_decay < 1.0, "--ema must be in [0, 1), got ", recipe.ema_decay);
  check(recipe.warm_up_epochs >= 0.0 && std::isfinite(recipe.warm_up_epochs),
        "--warmup-epochs must be a number and not negative, got ", recipe.warm_up_epochs);
}

std::int64_t batch_size_for(const TrainingRecipe& recipe, std::int64_t pictures) {
  std::int64_t size = recipe.batch_size;
  while (size / 2 >= smallest_default_batch && pictures / size < fewest_default_steps)
    size /= 2;
  return size;
}

std::vector<std::string> describe_schedule(const TrainingRecipe& recipe) {
  std::vector<std::string> lines;
  lines.push_back(printed("epochs ", recipe.epochs, ", batch size ", recipe.batch_size));
  lines.push_back(recipe.linear_scaling
                      ? printed("learning rate ", recipe.base_rate(), " = ", recipe.learning_rate, " * ",
                                recipe.batch_size, " / ", linear_scaling_reference_batch, " (linear scaling)")
                      : printed("learning rate ", recipe.base_rate(), " (no linear scaling)"));
  if (recipe.decay == Decay::cosine) {
    lines.push_back("schedule: cosine, by iteration and without the warm-up, 0 after the last iteration");
  } else {
    lines.push_back(
        printed("schedule: rate times ", recipe.step_multiplier, " after epochs ", joined(recipe.milestones)));
  }
  lines.push_back(recipe.warm_up_epochs > 0.0
                      ? printed("warm-up: ", recipe.warm_up_epochs,
                                recipe.warm_up_epochs == 1.0 ? " epoch, " : " epochs, ",
                                recipe.warm_up == WarmUp::linear ? "linear by iteration"
                                                                 : "power 4 by iteration (darknet's burn-in)")
                      : "warm-up: off");
  lines.push_back(printed("SGD: momentum ", recipe.momentum, recipe.nesterov ? " (Nesterov)" : "", ", weight decay ",
                          recipe.weight_decay,
                          recipe.no_bias_decay ? " on convolution and linear weights only" : " on all parameters"));
  return lines;
}

std::string describe_random_shapes(const TrainingRecipe& recipe) {
  if (!recipe.random_shapes) return "random shapes: off";
  const RandomShapesOptions& shapes = *recipe.random_shapes;
  return printed("random shapes: ", shapes.minimum, " to ", shapes.maximum, " in steps of ", shapes.multiple,
                 ", a new size every ", shapes.every, " iterations");
}

std::string describe_ema(const TrainingRecipe& recipe) {
  return recipe.ema_decay > 0.0
             ? printed("moving average of the weights: decay ", recipe.ema_decay,
                       recipe.ema_warm_up ? ", at most (1 + t) / (10 + t) at update t" : ", constant",
                       "; the first update copies")
             : "moving average of the weights: off";
}

}  // namespace sleight

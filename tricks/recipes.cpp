#include "tricks/recipes.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/train/classification_program.h"
#include "tricks/linear_scaling.h"

namespace sleight {

namespace {

Recipe imagenet_baseline(double epochs) {
  Recipe recipe;
  recipe.batch_size = 256;
  recipe.learning_rate = 0.1;
  recipe.milestones = {0.25 * epochs, 0.5 * epochs, 0.75 * epochs};  // 30, 60, 90 of 120
  recipe.weight_decay = 1e-4;
  recipe.training_augmentation = imagenet_training_recipe();
  recipe.evaluation_augmentation = imagenet_evaluation_recipe();
  recipe.normalisation = imagenet_normalisation();
  return recipe;
}

Recipe cifar_baseline(double epochs) {
  Recipe recipe;
  recipe.batch_size = 128;
  recipe.learning_rate = 0.1;
  recipe.milestones = {0.5 * epochs, 0.75 * epochs};  // He et al., arXiv 1512.03385, section 4.2
  recipe.weight_decay = 5e-4;
  recipe.training_augmentation = cifar_training_recipe();
  recipe.evaluation_augmentation = plain_recipe();
  // Mean and deviation of the training pictures of CIFAR-10.
  recipe.normalisation = {{125.307, 122.950, 113.865}, {62.993, 62.089, 66.705}};
  return recipe;
}

std::string description(const AugmentationRecipe& augmentation) {
  std::ostringstream text;
  switch (augmentation.crop) {
    case CropKind::random_resized:
      text << "random resized crop of " << 100.0 * augmentation.minimum_area << " to "
           << 100.0 * augmentation.maximum_area << "% of the area";
      break;
    case CropKind::padded:
      text << "random crop after padding by " << augmentation.padding;
      break;
    case CropKind::centre:
      text << "centre crop";
      break;
    case CropKind::whole:
      text << "whole picture";
      break;
  }
  if (augmentation.flip_probability > 0.0) text << ", flip " << augmentation.flip_probability;
  const auto strength = [&](const char* name, double value) {
    if (value > 0.0) text << ", " << name << " " << value;
  };
  strength("brightness", augmentation.brightness);
  strength("contrast", augmentation.contrast);
  strength("saturation", augmentation.saturation);
  strength("hue", augmentation.hue);
  strength("PCA noise", augmentation.pca_noise);
  return text.str();
}

}  // namespace

Recipe default_recipe(ModelFamily family, TrickSet tricks, std::int64_t epochs, std::int64_t image_size) {
  const bool cifar = family == ModelFamily::cifar;
  if (epochs == 0) epochs = cifar ? 200 : 120;
  check(epochs > 0, "a training needs at least one epoch, got ", epochs);
  Recipe recipe = cifar ? cifar_baseline(static_cast<double>(epochs)) : imagenet_baseline(static_cast<double>(epochs));
  recipe.epochs = epochs;
  if (tricks == TrickSet::none) return recipe;

  const bool short_training = epochs < short_training_epochs;
  if (short_training && !cifar) recipe.training_augmentation.minimum_area = 0.35;
  // The rate of the family at its own batch size, expressed for 256 pictures.
  recipe.learning_rate *= static_cast<double>(linear_scaling_reference_batch) / static_cast<double>(recipe.batch_size);
  recipe.linear_scaling = true;
  recipe.decay = Decay::cosine;
  recipe.warm_up_epochs = std::min(5.0, 0.1 * static_cast<double>(epochs));
  recipe.no_bias_decay = true;
  recipe.zero_gamma = !short_training || tricks == TrickSet::all;
  if (!cifar || tricks == TrickSet::all) recipe.label_smoothing = 0.1;
  if (tricks == TrickSet::standard) return recipe;

  recipe.mixup_alpha = cifar && !short_training ? 1.0 : 0.2;
  recipe.mixup_off_epochs = cifar ? std::min<std::int64_t>(20, epochs / 10) : 0;
  recipe.random_shapes = default_random_shapes(image_size);
  recipe.ema_decay = cifar ? 0.999 : 0.9999;
  recipe.ema_warm_up = short_training;
  return recipe;
}

std::vector<std::string> describe(const Recipe& recipe) {
  std::vector<std::string> lines = describe_schedule(recipe);
  lines.push_back("augmentation: " + description(recipe.training_augmentation));
  lines.push_back(recipe.zero_gamma ? "zero gamma: the last scale of each residual branch starts at 0"
                                    : "zero gamma: off");
  lines.push_back(recipe.mixup_alpha > 0.0
                      ? printed("mixup: lambda from Beta(", recipe.mixup_alpha, ", ", recipe.mixup_alpha, "), one per ",
                                recipe.mixup_lambda == MixupLambda::per_batch ? "batch" : "picture",
                                ", off for the last ", count_of(recipe.mixup_off_epochs, "epoch"))
                      : "mixup: off");
  if (recipe.label_smoothing > 0.0) {
    lines.push_back(recipe.smoothing == kernels::Smoothing::others
                        ? printed("label smoothing: others, 1 - ", recipe.label_smoothing, " at the label and ",
                                  recipe.label_smoothing, " / (K - 1) elsewhere (Bag of Tricks)")
                        : printed("label smoothing: uniform, (1 - ", recipe.label_smoothing, ") * onehot + ",
                                  recipe.label_smoothing, " / K (PyTorch)"));
  } else {
    lines.push_back("label smoothing: off");
  }
  lines.push_back(describe_random_shapes(recipe));
  lines.push_back(describe_ema(recipe));
  return lines;
}

}  // namespace sleight

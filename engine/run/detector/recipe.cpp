#include "engine/run/detector/recipe.h"

#include <sstream>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/train/classifier_program.h"

namespace sleight {

namespace {

std::string description(const DetectorAugmentation& recipe) {
  std::ostringstream text;
  if (recipe.color_probability > 0.0 &&
      (recipe.brightness > 0.0 || recipe.contrast > 0.0 || recipe.saturation > 0.0 || recipe.hue > 0.0))
    text << "colors (each with probability " << recipe.color_probability << ": brightness " << recipe.brightness
         << ", contrast " << recipe.contrast << ", saturation " << recipe.saturation << ", hue " << recipe.hue
         << " degrees), ";
  if (recipe.expand_probability > 0.0)
    text << "expand " << recipe.expand_probability << " up to " << recipe.maximum_expansion << " times, ";
  if (recipe.crop.constraint != CropConstraint::none)
    text << "constrained crop (" << name_of(recipe.crop.constraint) << "), ";
  text << (recipe.letterbox ? "letterbox" : "resize") << (recipe.random_filter ? " by a random filter" : "");
  if (recipe.flip_probability > 0.0) text << ", flip " << recipe.flip_probability;
  return text.str();
}

}  // namespace

DetectorRecipe default_detector_recipe(std::int64_t epochs) {
  check(epochs >= 0, "a training needs at least one epoch, got ", epochs);
  DetectorRecipe recipe;
  recipe.epochs = epochs > 0 ? epochs : 200;
  recipe.batch_size = 64;
  recipe.nesterov = false;
  recipe.weight_decay = 5e-4;
  recipe.normalization = imagenet_normalization();
  recipe.training_augmentation = detector_training_augmentation();
  recipe.evaluation_augmentation = detector_evaluation_augmentation();
  return recipe;
}

std::vector<std::string> describe(const DetectorRecipe& recipe) {
  std::vector<std::string> lines = describe_training(recipe);
  lines.push_back("augmentation: " + description(recipe.training_augmentation) +
                  "; evaluation: " + description(recipe.evaluation_augmentation));
  return lines;
}

}  // namespace sleight

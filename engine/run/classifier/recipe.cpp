#include "engine/run/classifier/recipe.h"

#include <sstream>

#include "engine/base/error.h"
#include "engine/train/classifier_program.h"

namespace sleight {

namespace {

ClassifierRecipe imagenet_recipe() {
  ClassifierRecipe recipe;
  recipe.epochs = 120;
  recipe.batch_size = 256;
  recipe.weight_decay = 1e-4;
  recipe.training_augmentation = imagenet_training_augmentation();
  recipe.evaluation_augmentation = imagenet_evaluation_augmentation();
  recipe.normalization = imagenet_normalization();
  return recipe;
}

ClassifierRecipe cifar_recipe() {
  ClassifierRecipe recipe;
  recipe.epochs = 200;
  recipe.batch_size = 128;
  recipe.weight_decay = 5e-4;
  recipe.training_augmentation = cifar_training_augmentation();
  recipe.evaluation_augmentation = plain_recipe();
  // Mean and deviation of the training images of CIFAR-10.
  recipe.normalization = {{125.307, 122.950, 113.865}, {62.993, 62.089, 66.705}};
  return recipe;
}

std::string description(const ClassifierAugmentation& augmentation) {
  std::ostringstream text;
  switch (augmentation.crop) {
    case CropKind::random_resized:
      text << "random resized crop of " << 100.0 * augmentation.minimum_area << " to "
           << 100.0 * augmentation.maximum_area << "% of the area";
      break;
    case CropKind::padded:
      text << "random crop after padding by " << augmentation.padding;
      break;
    case CropKind::center:
      text << "center crop";
      break;
    case CropKind::whole:
      text << "whole image";
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

ClassifierRecipe default_classifier_recipe(ClassifierFamily family, TrickSet tricks, std::int64_t epochs) {
  check(epochs >= 0, "a training needs at least one epoch, got ", epochs);
  const bool cifar = family == ClassifierFamily::cifar;
  ClassifierRecipe recipe = cifar ? cifar_recipe() : imagenet_recipe();
  if (epochs > 0) recipe.epochs = epochs;
  if (tricks != TrickSet::none && recipe.epochs < short_training_epochs && !cifar)
    recipe.training_augmentation.minimum_area = 0.35;
  return recipe;
}

std::vector<std::string> describe(const ClassifierRecipe& recipe) {
  std::vector<std::string> lines = describe_training(recipe);
  lines.push_back("augmentation: " + description(recipe.training_augmentation));
  return lines;
}

}  // namespace sleight

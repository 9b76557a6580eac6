#include "engine/run/classifier/recipe.h"

#include <array>
#include <sstream>

#include "engine/base/choice.h"
#include "engine/base/error.h"
#include "engine/train/classifier_program.h"

namespace sleight {

namespace {

constexpr std::array<Named<ClassifierAugmentation (*)()>, 4> augmentations = {
    {{imagenet_training_augmentation, "imagenet"},
     {imagenet_training_augmentation_with_hue, "imagenet-hue"},
     {cifar_training_augmentation, "cifar"},
     {plain_recipe, "none"}}};

ClassifierRecipe imagenet_recipe() {
  ClassifierRecipe recipe;
  recipe.epochs = 120;
  recipe.batch_size = 256;
  recipe.weight_decay = 1e-4;
  recipe.normalization = imagenet_normalization();
  return recipe;
}

ClassifierRecipe cifar_recipe() {
  ClassifierRecipe recipe;
  recipe.epochs = 200;
  recipe.batch_size = 128;
  recipe.weight_decay = 5e-4;
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
      text << "center crop of " << 100.0 * augmentation.center_fraction << "% of the short side";
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

ClassifierAugmentation training_augmentation(const std::string& name, TrickSet tricks, std::int64_t epochs) {
  const auto make = parse_choice(augmentations, "the augmentation", name);
  ClassifierAugmentation augmentation = make();
  const bool is_mild = tricks != TrickSet::none && epochs < short_training_epochs;
  if (is_mild && augmentation.crop == CropKind::random_resized) augmentation.minimum_area = 0.35;
  return augmentation;
}

std::vector<std::string> training_augmentations() {
  return names_in(augmentations);
}

std::string default_training_augmentation(ClassifierFamily family) {
  return family == ClassifierFamily::cifar ? "cifar" : "imagenet";
}

ClassifierAugmentation evaluation_augmentation_for(const ClassifierAugmentation& training) {
  return training.crop == CropKind::random_resized ? imagenet_evaluation_augmentation() : plain_recipe();
}

ClassifierRecipe default_classifier_recipe(ClassifierFamily family, TrickSet tricks, std::int64_t epochs) {
  check(epochs >= 0, "a training needs at least one epoch, got ", epochs);
  const bool cifar = family == ClassifierFamily::cifar;
  ClassifierRecipe recipe = cifar ? cifar_recipe() : imagenet_recipe();
  if (epochs > 0) recipe.epochs = epochs;
  recipe.training_augmentation = training_augmentation(default_training_augmentation(family), tricks, recipe.epochs);
  recipe.evaluation_augmentation = evaluation_augmentation_for(recipe.training_augmentation);
  return recipe;
}

std::vector<std::string> describe(const ClassifierRecipe& recipe) {
  std::vector<std::string> lines = describe_training(recipe);
  lines.push_back("augmentation: " + description(recipe.training_augmentation) +
                  "; evaluation: " + description(recipe.evaluation_augmentation));
  return lines;
}

}  // namespace sleight

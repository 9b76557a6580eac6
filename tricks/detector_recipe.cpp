#include "tricks/detector_recipe.h"

#include <algorithm>
#include <sstream>

#include "engine/base/error.h"

namespace sleight {

namespace {

template <class... Parts>
std::string line(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

std::string description(const DetectionRecipe& recipe) {
  std::ostringstream text;
  if (recipe.colour_probability > 0.0 &&
      (recipe.brightness > 0.0 || recipe.contrast > 0.0 || recipe.saturation > 0.0 || recipe.hue > 0.0))
    text << "colours (each with probability " << recipe.colour_probability << ": brightness " << recipe.brightness
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

RandomShapesOptions default_detection_shapes(std::int64_t image_size, std::int64_t multiple) {
  return {.minimum = std::max(2 * multiple, image_size - 3 * multiple),
          .maximum = image_size + 6 * multiple,
          .every = 10,
          .multiple = multiple};
}

DetectorRecipe default_detector_recipe(TrickSet tricks, std::int64_t epochs, std::int64_t image_size,
                                       std::int64_t size_multiple) {
  if (epochs == 0) epochs = 200;
  check(epochs > 0, "a training needs at least one epoch, got ", epochs);
  check(image_size >= 2 * size_multiple && image_size % size_multiple == 0,
        "this detector's images have sides of at least ", 2 * size_multiple, " pixels that are multiples of ",
        size_multiple, ", got ", image_size);
  const auto length = static_cast<double>(epochs);
  DetectorRecipe recipe;
  recipe.epochs = epochs;
  recipe.batch_size = 64;
  recipe.learning_rate = 0.001;
  recipe.milestones = {0.8 * length, 0.9 * length};
  recipe.warm_up_epochs = std::min(2.0, 0.05 * length);
  recipe.nesterov = false;
  recipe.weight_decay = 5e-4;
  recipe.normalisation = {.mean = {123.68, 116.779, 103.939}, .deviation = {58.393, 57.12, 57.375}};
  recipe.training_augmentation = detection_training_recipe();
  recipe.evaluation_augmentation = detection_evaluation_recipe();
  recipe.mixup_off_epochs = std::min<std::int64_t>(20, epochs / 10);  // wherever mixup is turned on
  if (tricks == TrickSet::none) return recipe;

  recipe.decay = Decay::cosine;
  recipe.warm_up_epochs = std::min(4.0, 0.05 * length);
  recipe.no_bias_decay = true;
  recipe.class_smoothing = ClassSmoothingForm::gluon;
  recipe.random_shapes = default_detection_shapes(image_size, size_multiple);
  if (tricks == TrickSet::standard) return recipe;

  recipe.mixup_alpha = 1.5;
  recipe.ema_decay = 0.9998;
  recipe.ema_warm_up = true;
  return recipe;
}

std::vector<std::string> describe(const DetectorRecipe& recipe) {
  std::vector<std::string> lines = describe_schedule(recipe);
  lines.push_back("augmentation: " + description(recipe.training_augmentation) +
                  "; evaluation: " + description(recipe.evaluation_augmentation));
  lines.push_back(recipe.mixup_alpha > 0.0 ? to_string(DetectionMixupOptions{.alpha = recipe.mixup_alpha,
                                                                             .epochs = recipe.epochs,
                                                                             .off_epochs = recipe.mixup_off_epochs,
                                                                             .form = recipe.mixup_form})
                                           : "detection mixup: off");
  switch (recipe.class_smoothing) {
    case ClassSmoothingForm::none:
      lines.push_back("class smoothing: off");
      break;
    case ClassSmoothingForm::gluon:
      lines.push_back("class smoothing: gluon, s = min(1/K, 1/40): 1 - s for the object's class, s for the others");
      break;
    case ClassSmoothingForm::darknet:
      lines.push_back(line("class smoothing: darknet, 1 - ", class_smoothing_epsilon(recipe.class_smoothing) / 2,
                           " and ", class_smoothing_epsilon(recipe.class_smoothing) / 2));
      break;
  }
  lines.push_back(describe_random_shapes(recipe));
  lines.push_back(describe_ema(recipe));
  return lines;
}

}  // namespace sleight

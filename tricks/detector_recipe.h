// Which tricks and which numbers the training of a detector uses when nobody says otherwise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/detection_augmentation.h"
#include "tricks/class_smoothing.h"
#include "tricks/detection_mixup.h"
#include "tricks/training_recipe.h"

namespace sleight {

struct DetectorRecipe : TrainingRecipe {
  double mixup_alpha = 0.0;  // 0: off
  std::int64_t mixup_off_epochs = 0;
  DetectionMixupForm mixup_form = DetectionMixupForm::beta;
  ClassSmoothingForm class_smoothing = ClassSmoothingForm::none;

  DetectionRecipe training_augmentation, evaluation_augmentation;
};

// epochs 0: 200. The bare baseline is darknet's training as BoF (arXiv 1902.04103) restates it: batches of 64, rate
// 0.001, decay 5e-4, steps after 80% and 90% of the epochs, warm-up over 2 epochs, all augmentation but mixup, one
// size. standard: also cosine decay with 4 epochs of warm-up, no bias decay, smoothed classes and random shapes around
// the size. all: also mixup, off for the last 20 epochs, and a moving average of the weights. What is counted in
// epochs shrinks with a shorter training: the warm-up to a twentieth, the last epochs without mixup to a tenth.
// image_size: in pixels, a multiple of the model's size_multiple and at least twice that.
DetectorRecipe default_detector_recipe(TrickSet tricks, std::int64_t epochs, std::int64_t image_size,
                                       std::int64_t size_multiple);

// From three sizes below to six above, as 320:608 for 416 in steps of 32; every 10 iterations. Never below two steps.
RandomShapesOptions default_detection_shapes(std::int64_t image_size, std::int64_t multiple);

// As describe(const Recipe&).
std::vector<std::string> describe(const DetectorRecipe& recipe);

}  // namespace sleight

#include "tricks/all_tricks.h"

#include "tricks/class_smoothing.h"
#include "tricks/detector_mixup.h"
#include "tricks/ema.h"
#include "tricks/label_smoothing.h"
#include "tricks/learning_rate.h"
#include "tricks/mixup.h"
#include "tricks/no_bias_decay.h"
#include "tricks/random_shapes.h"
#include "tricks/zero_gamma.h"

namespace sleight {

namespace {

template <class... Tricks>
std::vector<std::unique_ptr<Trick>> one_of_each() {
  std::vector<std::unique_ptr<Trick>> list;
  (list.push_back(std::make_unique<Tricks>()), ...);
  return list;
}

}  // namespace

// clang-format off
std::vector<std::unique_ptr<Trick>> classifier_tricks() {
  return one_of_each<LearningRate,
                     NoBiasDecay,
                     ZeroGamma,
                     Mixup,
                     LabelSmoothing,
                     RandomShapes,
                     Ema>();
}

std::vector<std::unique_ptr<Trick>> detector_tricks() {
  return one_of_each<LearningRate,
                     NoBiasDecay,
                     DetectorMixup,
                     ClassSmoothing,
                     RandomShapes,
                     Ema>();
}
// clang-format on

}  // namespace sleight

// Tricks as a training makes them: declared, given settings, resolved, begun.
#pragma once

#include <string>
#include <vector>

#include "engine/train/trick.h"

namespace sleight::test {

// Of a bare classifier for small images, so that only what the settings say is on.
inline const TrainingKind bare_kind{.tricks = TrickSet::none, .small_images = true, .epochs = 10, .image_size = 32};

inline TrainingPlan plan_of(std::int64_t epochs, std::int64_t steps_per_epoch = 10, std::uint64_t seed = 1) {
  return {.seed = seed,
          .epochs = epochs,
          .steps_per_epoch = steps_per_epoch,
          .batch_size = 256,
          .images = 256 * steps_per_epoch,
          .image_size = 32};
}

// settings: in TOML, as a recipe file has them.
template <class T>
T resolved(const std::string& settings, const TrainingKind& kind = bare_kind) {
  T trick;
  OptionList options;
  trick.declare(options, kind.task);
  options.read(settings, "the test's settings");
  options.check();
  trick.resolve(kind);
  return trick;
}

template <class T>
T made(const std::string& settings, const TrainingKind& kind = bare_kind) {
  T trick = resolved<T>(settings, kind);
  trick.begin(plan_of(kind.epochs));
  return trick;
}

// What a recipe file holds of a trick once it is resolved: "mixup = 0.2\nmixup-off-epochs = 0\n...".
template <class T>
std::string settings_of(T trick, LearningTask task = LearningTask::classifier) {
  OptionList options;
  trick.declare(options, task);
  std::string text;
  for (const auto& [name, value] : options.settings())
    text += name + " = " + value + "\n";
  return text;
}

inline StepPlace place_of(std::int64_t step, std::int64_t steps_per_epoch = 10) {
  return {.step = step, .epoch = step / steps_per_epoch, .step_in_epoch = step % steps_per_epoch};
}

// What a step is counted with, where a test cares for a part of it.
struct Arrived {
  Context context{"cpu", 0};
  Program program;

  CountedStep step(std::int64_t step, std::int64_t steps_per_epoch = 10) const {
    return {.place = place_of(step, steps_per_epoch), .context = context, .program = program};
  }
};

inline Receipt only_receipt(const Trick& trick) {
  return trick.receipts().at(0);
}

}  // namespace sleight::test

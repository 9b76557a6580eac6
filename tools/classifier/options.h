// The options of train_classifier: what the user says, over the sensible recipe of the model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/data/classifier/dataset.h"
#include "models/classifier.h"
#include "tools/common/training_options.h"
#include "tricks/all_tricks.h"
#include "tricks/classifier_recipe.h"

namespace sleight {

struct ClassifierOptions : TrainingOptions {
  ClassifierOptions() : TrainingOptions(classifier_tricks()) { model = "cifar_resnet20"; }

  std::optional<double> minimum_crop_area;
  std::optional<std::string> augmentation;
  bool data_on_device = false;
  std::int64_t data_on_device_limit = 4096;  // MiB
  SyntheticOptions synthetic;

  void declare(OptionList& options);

 private:
  void declare_data(OptionList& options);
};

// What was asked for, resolved: the options hold what was decided, the recipe file is made of them, and a resumed run
// must agree on them.
struct ClassifierRun {
  ClassifierOptions options;
  const ClassifierModel* model = nullptr;
  ClassifierRecipe recipe;
  std::int64_t image_size = 0;
  Precision precision;
};

// Throws Error for values that make no sense, naming the flag.
ClassifierRun resolve(const ClassifierOptions& options);

// The run for a dataset of so many training images: unless the user gave a batch size, the one that suits them.
ClassifierRun fitted_to(ClassifierRun run, std::int64_t images);

}  // namespace sleight

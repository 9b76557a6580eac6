// The options of train_classifier: what the user says, over the sensible recipe of the model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/data/dataset.h"
#include "models/classifier.h"
#include "tools/common/training_options.h"
#include "tricks/recipes.h"

namespace sleight {

struct ClassifierOptions : TrainingOptions {
  ClassifierOptions() { model = "cifar_resnet20"; }

  std::optional<std::int64_t> mixup_off_epochs;
  std::optional<double> mixup, label_smoothing;
  std::optional<std::string> mixup_lambda, smoothing, augmentation;
  std::optional<bool> zero_gamma;
  bool data_on_device = false;
  std::int64_t data_on_device_limit = 4096;  // MiB
  SyntheticOptions synthetic;

  // Declares every flag with its help; values arrive here when the command line is parsed.
  void declare(CommandLine& command_line);
};

// Everything that shapes the numbers of a run, resolved: the recipe file is made of it, and a resumed run must agree on
// it.
struct ClassifierRun {
  ClassifierOptions options;
  const ClassifierModel* model = nullptr;
  Recipe recipe;
  std::int64_t image_size = 0;
  Precision precision;

  // In the order of --help.
  Settings settings() const;
};

// What a recipe file says. origin (where the text is from) begins the Error for one that does not parse.
ClassifierOptions options_of_recipe(const std::string& text, const std::string& origin);

// Throws Error for values that make no sense, naming the flag.
ClassifierRun resolve(const ClassifierOptions& options);

// The run for a data set of so many training pictures: unless the user gave a batch size, the one that suits them.
ClassifierRun fitted_to(ClassifierRun run, std::int64_t pictures);

}  // namespace sleight

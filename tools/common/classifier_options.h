// The options of train_classifier: what the user says, over the sensible recipe of the model.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/data/dataset.h"
#include "models/classifier.h"
#include "tools/common/precision.h"
#include "tricks/recipes.h"

namespace sleight {

struct ClassifierOptions {
  std::string data = "synthetic";
  std::string model = "cifar_resnet20";
  std::string tricks = "standard";

  // Not given: as the recipe of the model and the set of tricks says.
  std::optional<std::int64_t> epochs, batch_size, image_size, mixup_off_epochs;
  std::optional<double> learning_rate, warmup_epochs, momentum, weight_decay, mixup, label_smoothing, ema;
  std::optional<std::string> schedule, warmup_form, mixup_lambda, smoothing, random_shapes, augmentation;
  std::optional<std::vector<double>> milestones;
  std::optional<bool> nesterov, linear_scaling, zero_gamma, no_bias_decay, ema_warmup;

  std::string device = "cpu";
  std::string precision = "fp32";
  bool deterministic = false;
  bool cuda_graphs = true;
  bool data_on_device = false;
  std::int64_t data_on_device_limit = 4096;  // MiB
  int threads = 0;
  int loader_threads = 0;
  std::uint64_t seed = 1;
  std::string out;
  bool resume = false;
  std::int64_t max_steps = 0;
  std::int64_t checkpoint_steps = 0;
  std::string weights;
  SyntheticOptions synthetic;

  // Declares every flag with its help; values arrive here when the app parses.
  void declare(CLI::App& app);
};

// Everything that shapes the numbers of a run, resolved: the recipe file is made of it, and a resumed run must agree on
// it.
struct ClassifierRun {
  ClassifierOptions options;
  const ClassifierModel* model = nullptr;
  Recipe recipe;
  std::int64_t image_size = 0;
  Precision precision;

  DeviceOptions device_options() const {
    return {.deterministic = options.deterministic,
            .allow_tf32 = precision.allow_tf32,
            .graphs = options.cuda_graphs,
            .tuning_cache = {}};
  }
  // Name and value in TOML's syntax, in the order of --help.
  std::vector<std::pair<std::string, std::string>> settings() const;
  // A TOML file that --config reads: the same run again.
  std::string recipe_text() const;
};

// What a recipe file says. origin (where the text is from) begins the Error for one that does not parse.
ClassifierOptions options_of_recipe(const std::string& text, const std::string& origin);

// Throws Error for values that make no sense, naming the flag.
ClassifierRun resolve(const ClassifierOptions& options);

// The run for a data set of so many training pictures: unless the user gave a batch size, the one that suits them.
ClassifierRun fitted_to(ClassifierRun run, std::int64_t pictures);

// With --resume and no --config, the recipe in the run's folder is read as well: `train_classifier --resume --out DIR`.
// Returns the arguments to parse, without the program's name.
std::vector<std::string> with_recipe_of_run(int argument_count, char** arguments);

}  // namespace sleight

// The options that every training tool has: what the user says, over a sensible recipe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/options.h"
#include "engine/device/device.h"
#include "tools/common/command_line.h"
#include "tools/common/precision.h"
#include "tricks/training_recipe.h"

namespace sleight {

// Texts for the help: what the recipes of a tool say when the user does not.
struct ScheduleDefaults {
  std::string learning_rate, linear_scaling, warm_up_epochs, nesterov, weight_decay;
};

struct TrainingOptions {
  std::string data = "synthetic";
  std::string model;
  std::string tricks = "standard";

  // Not given: as the recipe says.
  std::optional<std::int64_t> epochs, batch_size, image_size;
  std::optional<double> learning_rate, warmup_epochs, momentum, weight_decay, ema;
  std::optional<std::string> schedule, warmup_form, random_shapes;
  std::optional<std::vector<double>> milestones;
  std::optional<bool> nesterov, linear_scaling, no_bias_decay, ema_warmup;

  std::string device = "cpu";
  std::string precision = "fp32";
  bool deterministic = false;
  bool cuda_graphs = true;
  int threads = 0;
  int loader_threads = 0;
  std::uint64_t seed = 1;
  std::string out;
  bool resume = false;
  std::int64_t max_steps = 0;
  std::int64_t checkpoint_steps = 0;
  std::int64_t evaluation_epochs = 1;
  std::string weights;

  DeviceOptions device_options() const;

  // Flags with their help; values arrive here when the command line is parsed. In the order of --help.
  void declare_recipe_file(CommandLine& command_line);  // --config, --tricks
  void declare_schedule(CommandLine& command_line, const ScheduleDefaults& defaults);
  void declare_general_tricks(CommandLine& command_line);
  void declare_run(CommandLine& command_line);
};

template <class T>
void override_with(T& target, const std::optional<T>& value) {
  if (value) target = *value;
}

// What the user said over the recipe; throws Error for values that make no sense, naming the flag.
void apply_options(const TrainingOptions& options, TrainingRecipe& recipe);

// Name and value in TOML's syntax, in the order of --help.
using Settings = std::vector<Setting>;
void add_schedule_settings(Settings& settings, const TrainingRecipe& recipe);
void add_general_trick_settings(Settings& settings, const TrainingRecipe& recipe);
void add_run_settings(Settings& settings, const TrainingOptions& options);

std::string toml_flag(bool value);

// With --resume and no --config, the recipe in the run's folder is read as well: `train_classifier --resume --out DIR`.
// Returns the arguments to parse, without the program's name.
std::vector<std::string> with_recipe_of_run(int argument_count, char** arguments);

}  // namespace sleight

// The options that every training tool has: what the user says, over a sensible recipe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/options.h"
#include "engine/device/device.h"
#include "engine/train/trick_list.h"
#include "tools/common/device_flags.h"
#include "tricks/training_recipe.h"

namespace sleight {

struct TrainingOptions {
  explicit TrainingOptions(std::vector<std::unique_ptr<Trick>> all_tricks) : trick_list(std::move(all_tricks)) {}

  std::string config;
  std::string data = "synthetic";
  std::string model;
  std::string tricks = "standard";

  // Not given: as the recipe says, which fills them in when it is resolved.
  std::optional<std::int64_t> epochs, batch_size, image_size;
  std::optional<double> momentum, weight_decay;
  std::optional<bool> nesterov;
  TrickList trick_list;

  DeviceFlags device;
  bool deterministic = false;
  bool cuda_graphs = true;
  int loader_threads = 0;
  std::uint64_t seed = 1;
  std::string out;
  bool resume = false;
  std::int64_t max_steps = 0;
  std::int64_t checkpoint_steps = 0;
  std::int64_t evaluation_epochs = 1;
  std::string weights;

  DeviceOptions device_options() const;
  // --config; else, with --resume, the recipe in the run's folder: `train_classifier --resume --out DIR` is enough.
  std::string settings_file() const;

  // In the order of --help.
  void declare_start(OptionList& options);  // --config, --tricks
  void declare_optimizer(OptionList& options, const std::string& nesterov_default,
                         const std::string& weight_decay_default);
  void declare_run(OptionList& options);
};

// What the user gave goes into the recipe, and what the recipe says into an option that was not given: then both say
// what was decided.
template <class T>
void settle(std::optional<T>& option, T& value) {
  if (option) value = *option;
  option = value;
}

// Of a choice by its name; name() writes what parse() reads.
template <class T, class Parse, class Name>
void settle(std::optional<std::string>& option, T& value, Parse parse, Name name) {
  if (option) value = parse(*option);
  option = name(value);
}

// All but the batch size, which the dataset has a say in. Throws Error, naming the flag, for what makes no sense.
void settle_training(TrainingOptions& options, TrainingRecipe& recipe);

// Everything that a recipe file holds, as it is now. A copy, because options are declared with their variables.
template <class Options>
std::vector<Setting> settings_of(Options options) {
  OptionList list;
  options.declare(list);
  return list.settings();
}

// What differs from a run that was started with `before`, as changed_settings() says it.
template <class Options>
std::vector<std::string> changes_since(const std::vector<Setting>& before, Options options) {
  OptionList list;
  options.declare(list);
  return changed_settings(list, before, list.settings());
}

// Throws Error, naming the flag, for the first value out of its range.
template <class Options>
void check_options(Options options) {
  OptionList list;
  options.declare(list);
  list.check();
}

// The options that a recipe file says. origin (where the text is from) begins the Error for one that does not parse.
template <class Options>
Options options_in_recipe(const std::string& text, const std::string& origin) {
  Options options;
  OptionList list;
  options.declare(list);
  list.read(text, origin);
  return options;
}

}  // namespace sleight

// The options that every training has: what the user says, over a sensible recipe. A program may declare them as flags
// (declare(OptionList&) of ClassifierTrainingOptions and DetectorTrainingOptions) or fill in the variables itself.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/options.h"
#include "engine/device/device.h"
#include "engine/run/device_flags.h"
#include "engine/run/training_recipe.h"
#include "engine/train/trick_list.h"

namespace sleight {

// Every trick that a training offers, of nothing decided yet: classifier_tricks or detector_tricks
// (tricks/all_tricks.h), or a program's own list.
using TrickMaker = std::function<std::vector<std::unique_ptr<Trick>>()>;

struct TrainingOptions {
  TrainingOptions(std::string program, TrickMaker all_tricks)
      : program_name(std::move(program)), make_tricks(std::move(all_tricks)), trick_list(make_tricks()) {}

  std::string program_name;  // "train_classifier": as recipe files and messages call it
  TrickMaker make_tricks;
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
  // For a program with a command line: --config; else, with --resume, the recipe in the run's folder: `train_classifier
  // --resume --out DIR` is enough.
  std::string settings_file() const;

  // In the order of --help.
  void declare_start(OptionList& options);  // --config, --tricks
  void declare_optimizer(OptionList& options, const std::string& nesterov_default,
                         const std::string& weight_decay_default);
  void declare_run(OptionList& options);
};

// "One of: a, b"; without any, that of a program with a model of its own.
std::string model_help(const std::vector<std::string>& offered);

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

// The options that a recipe file says, over these. origin (where the text is from) begins the Error for one that does
// not parse.
template <class Options>
Options options_in_recipe(const std::string& text, const std::string& origin, Options options = Options()) {
  OptionList list;
  options.declare(list);
  list.read(text, origin);
  return options;
}

// The tricks of a run, begun, for a training split of so many images. Throws Error when those do not fill one batch,
// and for what makes no sense in a training of that length.
TrickList begun_tricks(const TrainingOptions& options, const TrainingRecipe& recipe, std::int64_t image_size,
                       std::int64_t images);
template <class Run>
TrickList begun_tricks(const Run& run, std::int64_t images) {
  return begun_tricks(run.options, run.recipe, run.image_size, images);
}

}  // namespace sleight

#include "engine/run/training_options.h"

#include <filesystem>

#include "engine/base/error.h"
#include "engine/report/run_log.h"

namespace sleight {

DeviceOptions TrainingOptions::device_options() const {
  return {.deterministic = deterministic,
          .allow_tf32 = device.parsed_precision().allow_tf32,
          .graphs = cuda_graphs,
          .tuning_cache = {}};
}

std::string TrainingOptions::settings_file() const {
  if (!config.empty()) return config;
  const std::filesystem::path recipe = std::filesystem::path(out) / recipe_file_name;
  return resume && !out.empty() && std::filesystem::exists(recipe) ? recipe.string() : "";
}

void TrainingOptions::declare_start(OptionList& options) {
  options.add("config", config, "Read options from this TOML file; flags on the command line win")
      .unit("FILE")
      .of_this_start();
  options
      .add("tricks", tricks,
           "Set of tricks to start from: none; standard, what suits a training of its length; all, every trick (for "
           "long trainings)")
      .one_of({"none", "standard", "all"});
}

void TrainingOptions::declare_optimizer(OptionList& options, const std::string& nesterov_default,
                                        const std::string& weight_decay_default) {
  options.add("momentum", momentum, "Momentum of SGD").unit("FACTOR").not_negative().below(1.0).default_text("0.9");
  options.add("nesterov", nesterov, "Nesterov's form of momentum").default_text(nesterov_default);
  options.add("weight-decay", weight_decay, "L2 penalty")
      .unit("FACTOR")
      .not_negative()
      .default_text(weight_decay_default);
}

void TrainingOptions::declare_run(OptionList& options) {
  device.declare(options);
  options.add("deterministic", deterministic,
              "On cuda: only algorithms that give the same bits in every run; cpu and simt always do");
  options
      .add("cuda-graphs", cuda_graphs, "On cuda: record the step once and launch it whole (the same bits either way)")
      .free_on_resume();
  options.add("loader-threads", loader_threads, "Threads that prepare images; 0: half the cores")
      .unit("THREADS")
      .range(0, 1024)
      .free_on_resume();
  options.add("seed", seed, "Everything random follows from it").unit("NUMBER");
  options.add("out", out, "Folder of the run")
      .unit("FOLDER")
      .default_text("runs/<model>-<time>")
      .of_this_start()
      .written();
  options.add("resume", resume, "Go on from the last checkpoint in --out").of_this_start();
  options.add("max-steps", max_steps, "Stop after so many steps in all; 0: train to the end")
      .unit("STEPS")
      .not_negative()
      .of_this_start();
  options.add("checkpoint-steps", checkpoint_steps, "Save every so many steps too; 0: after each epoch only")
      .unit("STEPS")
      .not_negative()
      .free_on_resume();
  // Not free: it decides which weights are the best.
  options.add("evaluation-epochs", evaluation_epochs, "Evaluate after every so many epochs, and after the last")
      .unit("EPOCHS")
      .positive();
}

std::string model_help(const std::vector<std::string>& offered) {
  if (offered.empty()) return "Name of the model, for titles and files";
  std::string names;
  for (const std::string& name : offered)
    names += (names.empty() ? "" : ", ") + name;
  return "One of: " + names;
}

void settle_training(TrainingOptions& options, TrainingRecipe& recipe) {
  settle(options.epochs, recipe.epochs);
  if (options.batch_size) recipe.batch_size = *options.batch_size;
  settle(options.momentum, recipe.momentum);
  settle(options.nesterov, recipe.nesterov);
  settle(options.weight_decay, recipe.weight_decay);
}

TrickList begun_tricks(const TrainingOptions& options, const TrainingRecipe& recipe, std::int64_t image_size,
                       std::int64_t images) {
  const EpochOrder order(options.seed, images, recipe.batch_size);
  TrickList tricks = options.trick_list;
  tricks.begin({.seed = options.seed,
                .epochs = recipe.epochs,
                .steps_per_epoch = order.steps_per_epoch(),
                .batch_size = recipe.batch_size,
                .images = images,
                .image_size = image_size});
  return tricks;
}

}  // namespace sleight

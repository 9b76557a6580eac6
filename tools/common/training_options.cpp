#include "tools/common/training_options.h"

#include <cmath>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/train/run_log.h"

namespace sleight {

DeviceOptions TrainingOptions::device_options() const {
  return {.deterministic = deterministic,
          .allow_tf32 = parse_precision(precision, device).allow_tf32,
          .graphs = cuda_graphs,
          .tuning_cache = {}};
}

void TrainingOptions::declare_recipe_file(CommandLine& command_line) {
  command_line.add_settings_file("--config", "Read options from this TOML file; flags on the command line win");
  command_line.add_option(
      "--tricks", tricks,
      "Set of tricks to start from: none; standard, what suits a training of its length; all, every trick "
      "(for long trainings)");
}

void TrainingOptions::declare_schedule(CommandLine& command_line, const ScheduleDefaults& defaults) {
  const auto with_default = [](const std::string& help, const std::string& value) {
    return help + " (default " + value + ")";
  };
  command_line.add_option(
      "--learning-rate", learning_rate,
      with_default("Base rate; for 256 pictures per step with --linear-scaling", defaults.learning_rate));
  command_line.add_flag("--linear-scaling,!--no-linear-scaling", linear_scaling,
                        with_default("Multiply the rate by batch size / 256", defaults.linear_scaling));
  command_line.add_option("--schedule", schedule, "cosine or step");
  command_line.add_option("--milestones", milestones, "Epochs after which --schedule step multiplies the rate by 0.1")
      .separated_by(',');
  command_line.add_option(
      "--warmup-epochs", warmup_epochs,
      with_default("Epochs over which the rate rises to the base rate; fractions allowed", defaults.warm_up_epochs));
  command_line.add_option("--warmup-form", warmup_form, "linear, or power4 (darknet)");
  command_line.add_option("--momentum", momentum, "Momentum of SGD (default 0.9)");
  command_line.add_flag("--nesterov,!--no-nesterov", nesterov,
                        with_default("Nesterov's form of momentum", defaults.nesterov));
  command_line.add_option("--weight-decay", weight_decay, with_default("L2 penalty", defaults.weight_decay));
  command_line.add_flag("--no-bias-decay,!--bias-decay", no_bias_decay,
                        "Weight decay on convolution and linear weights only");
}

void TrainingOptions::declare_general_tricks(CommandLine& command_line) {
  command_line.add_option(
      "--random-shapes", random_shapes,
      "MIN:MAX:EVERY[:MULTIPLE], sizes in pixels (multiples of 32) drawn anew every so many steps; 'off'");
  command_line.add_option("--ema", ema, "Decay of the moving average of the weights; 0 turns it off");
  command_line.add_flag("--ema-warmup,!--no-ema-warmup", ema_warmup, "Start the average with a smaller decay");
}

void TrainingOptions::declare_run(CommandLine& command_line) {
  command_line.add_option("--device", device,
                          "cpu, cuda (cuda:1 for the second GPU) or simt (the CUDA kernels on the processor, slow)");
  add_precision_option(command_line, precision);
  command_line.add_flag("--deterministic,!--no-deterministic", deterministic,
                        "On cuda: only algorithms that give the same bits in every run; cpu and simt always do");
  command_line.add_flag("--cuda-graphs,!--no-cuda-graphs", cuda_graphs,
                        "On cuda: record the step once and launch it whole (default on; the same bits either way)");
  command_line.add_option("--threads", threads, "Compute threads; 0: one per core");
  command_line.add_option("--loader-threads", loader_threads, "Threads that prepare pictures; 0: half the cores");
  command_line
      .add_option("--seed", seed, "Everything random follows from it")
      // A negative number would wrap around to a large one.
      .check([](const std::string& text) { return text.starts_with('-') ? "must not be negative" : ""; });
  command_line.add_option("--out", out, "Folder of the run (default runs/<model>-<time>)");
  command_line.add_flag("--resume", resume, "Go on from the last checkpoint in --out");
  command_line.add_option("--max-steps", max_steps, "Stop after so many steps in all; 0: train to the end");
  command_line.add_option("--checkpoint-steps", checkpoint_steps,
                          "Save every so many steps too; 0: after each epoch only");
  command_line.add_option("--evaluation-epochs", evaluation_epochs,
                          "Evaluate after every so many epochs, and after the last");
}

void apply_options(const TrainingOptions& options, TrainingRecipe& recipe) {
  override_with(recipe.batch_size, options.batch_size);
  override_with(recipe.learning_rate, options.learning_rate);
  override_with(recipe.linear_scaling, options.linear_scaling);
  override_with(recipe.milestones, options.milestones);
  override_with(recipe.warm_up_epochs, options.warmup_epochs);
  override_with(recipe.momentum, options.momentum);
  override_with(recipe.nesterov, options.nesterov);
  override_with(recipe.weight_decay, options.weight_decay);
  override_with(recipe.no_bias_decay, options.no_bias_decay);
  override_with(recipe.ema_decay, options.ema);
  override_with(recipe.ema_warm_up, options.ema_warmup);
  if (options.schedule) recipe.decay = with_context("--schedule", [&] { return parse_decay(*options.schedule); });
  if (options.warmup_form)
    recipe.warm_up = with_context("--warmup-form", [&] { return parse_warm_up(*options.warmup_form); });
  if (options.random_shapes) {
    recipe.random_shapes.reset();
    if (*options.random_shapes != "off") {
      recipe.random_shapes =
          with_context("--random-shapes", [&] { return parse_random_shapes(*options.random_shapes); });
    }
  }
  check_recipe(recipe);
  for (const auto& [flag, count] :
       {std::pair("--threads", options.threads), {"--loader-threads", options.loader_threads}})
    check(count >= 0 && count <= 1024, flag, " must be 0 (chosen by the number of cores) to 1024, got ", count);
  check(options.max_steps >= 0 && options.checkpoint_steps >= 0,
        "--max-steps and --checkpoint-steps must not be negative");
  check(options.evaluation_epochs >= 1, "--evaluation-epochs must be at least 1, got ", options.evaluation_epochs);
}

void add_schedule_settings(Settings& settings, const TrainingRecipe& recipe) {
  std::string milestones;
  for (const double epoch : recipe.milestones)
    milestones += (milestones.empty() ? "" : ", ") + toml_number(epoch);
  settings.emplace_back("learning-rate", toml_number(recipe.learning_rate));
  settings.emplace_back("linear-scaling", toml_flag(recipe.linear_scaling));
  settings.emplace_back("schedule", toml_quoted(to_string(recipe.decay)));
  if (!recipe.milestones.empty()) settings.emplace_back("milestones", "[" + milestones + "]");
  settings.emplace_back("warmup-epochs", toml_number(recipe.warm_up_epochs));
  settings.emplace_back("warmup-form", toml_quoted(to_string(recipe.warm_up)));
  settings.emplace_back("momentum", toml_number(recipe.momentum));
  settings.emplace_back("nesterov", toml_flag(recipe.nesterov));
  settings.emplace_back("weight-decay", toml_number(recipe.weight_decay));
  settings.emplace_back("no-bias-decay", toml_flag(recipe.no_bias_decay));
}

void add_general_trick_settings(Settings& settings, const TrainingRecipe& recipe) {
  settings.emplace_back("random-shapes", toml_quoted(recipe.random_shapes ? to_string(*recipe.random_shapes) : "off"));
  settings.emplace_back("ema", toml_number(recipe.ema_decay));
  settings.emplace_back("ema-warmup", toml_flag(recipe.ema_warm_up));
}

void add_run_settings(Settings& settings, const TrainingOptions& options) {
  settings.emplace_back("device", toml_quoted(options.device));
  settings.emplace_back("precision", toml_quoted(options.precision));
  settings.emplace_back("deterministic", toml_flag(options.deterministic));
  settings.emplace_back("cuda-graphs", toml_flag(options.cuda_graphs));
  settings.emplace_back("threads", std::to_string(options.threads));
  settings.emplace_back("loader-threads", std::to_string(options.loader_threads));
  settings.emplace_back("evaluation-epochs", std::to_string(options.evaluation_epochs));
  settings.emplace_back("seed", std::to_string(options.seed));
  if (!options.weights.empty()) settings.emplace_back("weights", toml_quoted(options.weights));
}

std::string toml_flag(bool value) {
  return value ? "true" : "false";
}

std::vector<std::string> with_recipe_of_run(int argument_count, char** arguments) {
  std::vector<std::string> all(arguments + 1, arguments + argument_count);
  bool resume = false;
  bool has_config = false;
  std::string folder;
  for (std::size_t i = 0; i < all.size(); ++i) {
    resume |= all[i] == "--resume";
    has_config |= all[i] == "--config" || all[i].starts_with("--config=");
    if (all[i] == "--out" && i + 1 < all.size()) folder = all[i + 1];
    if (all[i].starts_with("--out=")) folder = all[i].substr(6);
  }
  const std::filesystem::path recipe = std::filesystem::path(folder) / recipe_file_name;
  if (resume && !has_config && !folder.empty() && std::filesystem::exists(recipe)) {
    all.insert(all.begin(), {"--config", recipe.string()});
  }
  return all;
}

}  // namespace sleight

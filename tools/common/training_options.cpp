#include "tools/common/training_options.h"

#include <filesystem>

#include "engine/base/error.h"
#include "engine/train/run_log.h"

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

void TrainingOptions::declare_schedule(OptionList& options, const ScheduleDefaults& defaults) {
  options.add("learning-rate", learning_rate, "Base rate; for 256 images per step with --linear-scaling")
      .unit("RATE")
      .positive()
      .default_text(defaults.learning_rate);
  options.add("linear-scaling", linear_scaling, "Multiply the rate by batch size / 256")
      .default_text(defaults.linear_scaling);
  options.add("schedule", schedule, "How the rate falls after the warm-up")
      .one_of({"cosine", "step"})
      .default_text(defaults.schedule);
  options.add("milestones", milestones, "After which epochs --schedule step multiplies the rate by 0.1")
      .unit("EPOCH,...")
      .separated_by(',')
      .not_negative()
      .default_text(defaults.milestones);
  options.add("warmup-epochs", warmup_epochs, "Time over which the rate rises to the base rate; fractions allowed")
      .unit("EPOCHS")
      .not_negative()
      .default_text(defaults.warm_up_epochs);
  options.add("warmup-form", warmup_form, "How the rate rises: power4 is darknet's")
      .one_of({"linear", "power4"})
      .default_text("linear");
  options.add("momentum", momentum, "Momentum of SGD").unit("FACTOR").not_negative().below(1.0).default_text("0.9");
  options.add("nesterov", nesterov, "Nesterov's form of momentum").default_text(defaults.nesterov);
  options.add("weight-decay", weight_decay, "L2 penalty")
      .unit("FACTOR")
      .not_negative()
      .default_text(defaults.weight_decay);
  options.add("no-bias-decay", no_bias_decay, "Weight decay on convolution and linear weights only")
      .off_name("bias-decay")
      .default_text("on, with --tricks none off");
}

void TrainingOptions::declare_general_tricks(OptionList& options, const GeneralTrickDefaults& defaults) {
  options
      .add("random-shapes", random_shapes,
           "MIN:MAX:EVERY[:MULTIPLE], sides in pixels (multiples of 32) drawn anew every so many steps; or off")
      .unit("SHAPES")
      .default_text(defaults.random_shapes);
  options.add("ema", ema, "Decay of the moving average of the weights; 0 turns it off")
      .unit("FACTOR")
      .not_negative()
      .below(1.0)
      .default_text(defaults.ema);
  options.add("ema-warmup", ema_warmup, "Start the average with a smaller decay").default_text(defaults.ema_warm_up);
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
  options.add("out", out, "Folder of the run").unit("FOLDER").default_text("runs/<model>-<time>").of_this_start();
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

void settle_training(TrainingOptions& options, TrainingRecipe& recipe) {
  settle(options.epochs, recipe.epochs);
  if (options.batch_size) recipe.batch_size = *options.batch_size;
  settle(options.learning_rate, recipe.learning_rate);
  settle(options.linear_scaling, recipe.linear_scaling);
  settle(options.schedule, recipe.decay, parse_decay, [](Decay decay) { return to_string(decay); });
  settle(options.milestones, recipe.milestones);
  settle(options.warmup_epochs, recipe.warm_up_epochs);
  settle(options.warmup_form, recipe.warm_up, parse_warm_up, [](WarmUp form) { return to_string(form); });
  settle(options.momentum, recipe.momentum);
  settle(options.nesterov, recipe.nesterov);
  settle(options.weight_decay, recipe.weight_decay);
  settle(options.no_bias_decay, recipe.no_bias_decay);

  if (options.random_shapes) {
    recipe.random_shapes.reset();
    if (*options.random_shapes != "off") {
      recipe.random_shapes =
          with_context("--random-shapes", [&] { return parse_random_shapes(*options.random_shapes); });
    }
  }
  options.random_shapes = recipe.random_shapes ? to_string(*recipe.random_shapes) : "off";
  settle(options.ema, recipe.ema_decay);
  settle(options.ema_warmup, recipe.ema_warm_up);
}

}  // namespace sleight

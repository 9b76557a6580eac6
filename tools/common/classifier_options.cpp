#include "tools/common/classifier_options.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "engine/base/error.h"
#include "engine/data/resident_pictures.h"
#include "engine/train/run_log.h"
#include "tricks/label_smoothing.h"

namespace sleight {

namespace {

template <class T>
void override_with(T& target, const std::optional<T>& value) {
  if (value) target = *value;
}

MixupLambda parse_mixup_lambda(const std::string& text) {
  if (text == "batch") return MixupLambda::per_batch;
  if (text == "sample") return MixupLambda::per_sample;
  fail("--mixup-lambda is 'batch' or 'sample', got '", text, "'");
}

AugmentationRecipe parse_augmentation(const std::string& text) {
  if (text == "imagenet") return imagenet_training_recipe();
  if (text == "imagenet-hue") return imagenet_training_recipe_with_hue();
  if (text == "cifar") return cifar_training_recipe();
  if (text == "none") return plain_recipe();
  fail("--augmentation is 'imagenet', 'imagenet-hue', 'cifar' or 'none', got '", text, "'");
}

// "--name,!--no-name": on, off, or not given and left to the recipe.
void declare_switch(CLI::App& app, const std::string& names, std::optional<bool>& value, const std::string& help) {
  app.add_flag_function(
      names, [&value](std::int64_t count) { value = count > 0; }, help);
}

bool can_zero_gammas(const ClassifierModel& model) {
  Tracer trace(Mode::inference);
  model.trace(trace, trace.input("pictures", {1, model.picture_size, model.picture_size, 3}, DataType::float32), 2);
  const std::vector<Parameter>& parameters = trace.program().parameters;
  return std::any_of(parameters.begin(), parameters.end(), [](const Parameter& p) { return p.ends_residual_branch; });
}

std::string joined(std::span<const ClassifierModel> models) {
  std::string names;
  for (const ClassifierModel& model : models)
    names += (names.empty() ? "" : ", ") + model.name;
  return names;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// Enough digits that reading it again gives the same number.
std::string number(double value) {
  std::ostringstream text;
  text.precision(17);
  for (int digits = 1; digits <= 17; ++digits) {
    std::ostringstream shorter;
    shorter.precision(digits);
    shorter << value;
    if (std::stod(shorter.str()) == value) return shorter.str();
  }
  text << value;
  return text.str();
}

}  // namespace

void ClassifierOptions::declare(CLI::App& app) {
  app.set_config("--config", "", "Read options from this TOML file; flags on the command line win");
  // A misspelt setting must not be a setting that does nothing.
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.add_option(
         "--data", data,
         "Folder with train/<class>/* and val/ or test/, the same as .tar or .tar.gz, CIFAR-10's binary files, or "
         "'synthetic' (generated pictures)")
      ->capture_default_str();
  app.add_option("--model", model, "One of: " + joined(classifiers()))->capture_default_str();
  app.add_option("--tricks", tricks,
                 "Set of tricks to start from: none; standard, what suits a training of its length; all, every trick "
                 "(for long trainings)")
      ->capture_default_str();
  app.add_option("--epochs", epochs, "Passes over the training pictures (default 120, for CIFAR models 200)");
  app.add_option("--batch-size", batch_size,
                 "Pictures per step (default 256, for CIFAR models 128; halved down to 16 while an epoch has fewer "
                 "than 100 steps)");
  app.add_option("--image-size", image_size,
                 "Side of the training and evaluation pictures in pixels (default: the model's own)");
  app.add_option("--augmentation", augmentation,
                 "imagenet, imagenet-hue, cifar or none (default: as the model's family; under 30 epochs crops of 35% "
                 "of the area or more)");
  app.add_option("--learning-rate", learning_rate,
                 "Base rate; for 256 pictures per step with --linear-scaling (default 0.1, for CIFAR models 0.2)");
  declare_switch(app, "--linear-scaling,!--no-linear-scaling", linear_scaling, "Multiply the rate by batch size / 256");
  app.add_option("--schedule", schedule, "cosine or step");
  app.add_option("--milestones", milestones, "Epochs after which --schedule step multiplies the rate by 0.1")
      ->delimiter(',');
  app.add_option("--warmup-epochs", warmup_epochs,
                 "Epochs over which the rate rises to the base rate; fractions allowed (default 5, a tenth of a "
                 "training of under 50)");
  app.add_option("--warmup-form", warmup_form, "linear, or power4 (darknet)");
  app.add_option("--momentum", momentum, "Momentum of SGD (default 0.9)");
  declare_switch(app, "--nesterov,!--no-nesterov", nesterov, "Nesterov's form of momentum (default on)");
  app.add_option("--weight-decay", weight_decay, "L2 penalty (default 1e-4, for CIFAR models 5e-4)");
  declare_switch(app, "--no-bias-decay,!--bias-decay", no_bias_decay,
                 "Weight decay on convolution and linear weights only");
  declare_switch(app, "--zero-gamma,!--no-zero-gamma", zero_gamma,
                 "Start the last scale of each residual branch at 0 (default: from 30 epochs on)");
  app.add_option("--mixup", mixup, "Alpha of Beta(alpha, alpha); 0 turns mixup off");
  app.add_option("--mixup-off-epochs", mixup_off_epochs, "The last so many epochs without mixup");
  app.add_option("--mixup-lambda", mixup_lambda, "One lambda per batch or per sample");
  app.add_option("--label-smoothing", label_smoothing, "Epsilon; 0 turns it off");
  app.add_option("--smoothing", smoothing,
                 "Convention: others (eps/(K-1) on the other classes) or uniform (eps/K on all)");
  app.add_option("--random-shapes", random_shapes,
                 "MIN:MAX:EVERY[:MULTIPLE], sizes in pixels (multiples of 32) drawn anew every so many steps; 'off'");
  app.add_option("--ema", ema, "Decay of the moving average of the weights; 0 turns it off");
  declare_switch(app, "--ema-warmup,!--no-ema-warmup", ema_warmup, "Start the average with a smaller decay");
  app.add_option("--device", device,
                 "cpu, cuda (cuda:1 for the second GPU) or simt (the CUDA kernels on the processor, slow)")
      ->capture_default_str();
  app.add_option(
         "--precision", precision,
         "Of activations and their gradients: fp32, tf32 (fp32 whose convolutions run on tensor cores with 10 bits "
         "of mantissa; cuda only) or bf16; weights, statistics and losses stay float32")
      ->capture_default_str();
  app.add_flag("--deterministic,!--no-deterministic", deterministic,
               "On cuda: only algorithms that give the same bits in every run; cpu and simt always do");
  app.add_flag("--cuda-graphs,!--no-cuda-graphs", cuda_graphs,
               "On cuda: record the step once and launch it whole (default on; the same bits either way)");
  app.add_flag("--data-on-device,!--no-data-on-device", data_on_device,
               "Read and decode the training pictures once and keep them in the device's memory; each step crops, "
               "mirrors and blends them there (the same bits; augmentation cifar or none, one image size)");
  app.add_option("--data-on-device-limit", data_on_device_limit,
                 "Refuse training pictures that would take more MiB of the device than this")
      ->capture_default_str();
  app.add_option("--threads", threads, "Compute threads; 0: one per core")->capture_default_str();
  app.add_option("--loader-threads", loader_threads, "Threads that prepare pictures; 0: half the cores")
      ->capture_default_str();
  app.add_option("--seed", seed, "Everything random follows from it")
      ->capture_default_str()
      // A negative number would wrap around to a large one.
      ->check([](const std::string& text) { return text.starts_with('-') ? "must not be negative" : ""; });
  app.add_option("--out", out, "Folder of the run (default runs/<model>-<time>)");
  app.add_flag("--resume", resume, "Go on from the last checkpoint in --out");
  app.add_option("--max-steps", max_steps, "Stop after so many steps in all; 0: train to the end")
      ->capture_default_str();
  app.add_option("--checkpoint-steps", checkpoint_steps, "Save every so many steps too; 0: after each epoch only")
      ->capture_default_str();
  app.add_option("--weights", weights, "Start from this safetensors file (torchvision's names)");
  app.add_option("--synthetic-pictures", synthetic.training_count, "Generated pictures to train on")
      ->capture_default_str();
  app.add_option("--synthetic-size", synthetic.height, "Side of the generated pictures in pixels")
      ->capture_default_str();
  app.add_option("--synthetic-classes", synthetic.classes, "Classes of the generated pictures, 2 to 50")
      ->capture_default_str();
}

ClassifierOptions options_of_recipe(const std::string& text, const std::string& origin) {
  ClassifierOptions options;
  CLI::App app;
  options.declare(app);
  std::istringstream stream(text);
  try {
    app.parse_from_stream(stream);
  } catch (const CLI::Error& error) {
    fail(origin, ": ", error.what());
  }
  return options;
}

ClassifierRun resolve(const ClassifierOptions& options) {
  ClassifierRun run;
  run.options = options;
  run.model = &find_classifier(options.model);
  run.image_size = options.image_size.value_or(run.model->picture_size);
  check(run.image_size >= 8 && run.image_size <= 4096, "--image-size must be 8 to 4096 pixels, got ", run.image_size);
  check(!options.epochs || *options.epochs >= 1, "--epochs must be at least 1, got ", options.epochs.value_or(0));
  const ModelFamily family = run.model->family == ClassifierFamily::cifar ? ModelFamily::cifar : ModelFamily::imagenet;
  Recipe& recipe = run.recipe;
  recipe = default_recipe(family, parse_trick_set(options.tricks), options.epochs.value_or(0), run.image_size);
  override_with(recipe.batch_size, options.batch_size);
  override_with(recipe.learning_rate, options.learning_rate);
  override_with(recipe.linear_scaling, options.linear_scaling);
  override_with(recipe.milestones, options.milestones);
  override_with(recipe.warm_up_epochs, options.warmup_epochs);
  override_with(recipe.momentum, options.momentum);
  override_with(recipe.nesterov, options.nesterov);
  override_with(recipe.weight_decay, options.weight_decay);
  override_with(recipe.no_bias_decay, options.no_bias_decay);
  // Pre-activation networks mark no scale that could start at 0; a set of tricks leaves them alone, the flag is an
  // error.
  recipe.zero_gamma = options.zero_gamma.value_or(recipe.zero_gamma && can_zero_gammas(*run.model));
  override_with(recipe.mixup_alpha, options.mixup);
  override_with(recipe.mixup_off_epochs, options.mixup_off_epochs);
  override_with(recipe.label_smoothing, options.label_smoothing);
  override_with(recipe.ema_decay, options.ema);
  override_with(recipe.ema_warm_up, options.ema_warmup);
  if (options.schedule) recipe.decay = with_context("--schedule", [&] { return parse_decay(*options.schedule); });
  if (options.warmup_form)
    recipe.warm_up = with_context("--warmup-form", [&] { return parse_warm_up(*options.warmup_form); });
  if (options.mixup_lambda) recipe.mixup_lambda = parse_mixup_lambda(*options.mixup_lambda);
  if (options.smoothing)
    recipe.smoothing = with_context("--smoothing", [&] { return parse_smoothing(*options.smoothing); });
  if (options.augmentation) recipe.training_augmentation = parse_augmentation(*options.augmentation);
  if (options.random_shapes) {
    recipe.random_shapes.reset();
    if (*options.random_shapes != "off") {
      recipe.random_shapes =
          with_context("--random-shapes", [&] { return parse_random_shapes(*options.random_shapes); });
    }
  }
  run.options.synthetic.width = run.options.synthetic.height;
  run.options.synthetic.evaluation_count = std::max<std::int64_t>(500, run.options.synthetic.training_count / 10);

  check(recipe.batch_size >= 1, "--batch-size must be at least 1, got ", recipe.batch_size);
  check(recipe.learning_rate > 0.0 && std::isfinite(recipe.learning_rate),
        "--learning-rate must be a positive number, got ", recipe.learning_rate);
  check(recipe.momentum >= 0.0 && recipe.momentum < 1.0, "--momentum must be in [0, 1), got ", recipe.momentum);
  check(recipe.weight_decay >= 0.0 && std::isfinite(recipe.weight_decay),
        "--weight-decay must be a number and not negative, got ", recipe.weight_decay);
  check(recipe.mixup_alpha >= 0.0 && std::isfinite(recipe.mixup_alpha),
        "--mixup must be a number and not negative, got ", recipe.mixup_alpha);
  check(recipe.mixup_off_epochs >= 0, "--mixup-off-epochs must not be negative, got ", recipe.mixup_off_epochs);
  check(recipe.label_smoothing >= 0.0 && recipe.label_smoothing < 1.0, "--label-smoothing must be in [0, 1), got ",
        recipe.label_smoothing);
  check(recipe.ema_decay >= 0.0 && recipe.ema_decay < 1.0, "--ema must be in [0, 1), got ", recipe.ema_decay);
  check(recipe.warm_up_epochs >= 0.0 && std::isfinite(recipe.warm_up_epochs),
        "--warmup-epochs must be a number and not negative, got ", recipe.warm_up_epochs);
  check(options.data_on_device_limit >= 1 && options.data_on_device_limit <= 1 << 30,
        "--data-on-device-limit must be 1 to 1073741824 MiB, got ", options.data_on_device_limit);
  if (options.data_on_device) {
    with_context("--data-on-device", [&] {
      check_resident_recipe(recipe.training_augmentation);
      check(!recipe.random_shapes,
            "pictures that live on the device have one size; switch random shapes off (--random-shapes off), or leave "
            "the pictures to the loader");
    });
  }
  run.precision = parse_precision(options.precision, options.device);
  for (const auto& [flag, count] :
       {std::pair("--threads", options.threads), {"--loader-threads", options.loader_threads}})
    check(count >= 0 && count <= 1024, flag, " must be 0 (chosen by the number of cores) to 1024, got ", count);
  check(options.max_steps >= 0 && options.checkpoint_steps >= 0,
        "--max-steps and --checkpoint-steps must not be negative");
  return run;
}

ClassifierRun fitted_to(ClassifierRun run, std::int64_t pictures) {
  if (!run.options.batch_size) run.recipe.batch_size = batch_size_for(run.recipe, pictures);
  return run;
}

std::vector<std::pair<std::string, std::string>> ClassifierRun::settings() const {
  const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
  std::string milestones;
  for (const double epoch : recipe.milestones)
    milestones += (milestones.empty() ? "" : ", ") + number(epoch);
  std::vector<std::pair<std::string, std::string>> all = {
      {"data", quoted(options.data)},
      {"model", quoted(options.model)},
      {"tricks", quoted(options.tricks)},
      {"epochs", std::to_string(recipe.epochs)},
      {"batch-size", std::to_string(recipe.batch_size)},
      {"image-size", std::to_string(image_size)},
      {"learning-rate", number(recipe.learning_rate)},
      {"linear-scaling", flag(recipe.linear_scaling)},
      {"schedule", quoted(to_string(recipe.decay))},
      {"milestones", "[" + milestones + "]"},
      {"warmup-epochs", number(recipe.warm_up_epochs)},
      {"warmup-form", quoted(to_string(recipe.warm_up))},
      {"momentum", number(recipe.momentum)},
      {"nesterov", flag(recipe.nesterov)},
      {"weight-decay", number(recipe.weight_decay)},
      {"no-bias-decay", flag(recipe.no_bias_decay)},
      {"zero-gamma", flag(recipe.zero_gamma)},
      {"mixup", number(recipe.mixup_alpha)},
      {"mixup-off-epochs", std::to_string(recipe.mixup_off_epochs)},
      {"mixup-lambda", quoted(recipe.mixup_lambda == MixupLambda::per_batch ? "batch" : "sample")},
      {"label-smoothing", number(recipe.label_smoothing)},
      {"smoothing", quoted(to_string(recipe.smoothing))},
      {"random-shapes", quoted(recipe.random_shapes ? to_string(*recipe.random_shapes) : "off")},
      {"ema", number(recipe.ema_decay)},
      {"ema-warmup", flag(recipe.ema_warm_up)},
      {"device", quoted(options.device)},
      {"precision", quoted(options.precision)},
      {"deterministic", flag(options.deterministic)},
      {"cuda-graphs", flag(options.cuda_graphs)},
      {"threads", std::to_string(options.threads)},
      {"loader-threads", std::to_string(options.loader_threads)},
      {"seed", std::to_string(options.seed)},
  };
  if (options.data_on_device) {
    all.emplace_back("data-on-device", flag(options.data_on_device));
    all.emplace_back("data-on-device-limit", std::to_string(options.data_on_device_limit));
  }
  if (recipe.milestones.empty()) std::erase_if(all, [](const auto& entry) { return entry.first == "milestones"; });
  if (options.augmentation) all.emplace_back("augmentation", quoted(*options.augmentation));
  if (!options.weights.empty()) all.emplace_back("weights", quoted(options.weights));
  if (options.data == "synthetic") {
    all.emplace_back("synthetic-pictures", std::to_string(options.synthetic.training_count));
    all.emplace_back("synthetic-size", std::to_string(options.synthetic.height));
    all.emplace_back("synthetic-classes", std::to_string(options.synthetic.classes));
  }
  return all;
}

std::string ClassifierRun::recipe_text() const {
  std::string text = "# The recipe of this run. The same again: train_classifier --config THIS_FILE --out NEW_FOLDER\n";
  for (const auto& [name, value] : settings())
    text += name + " = " + value + "\n";
  return text;
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

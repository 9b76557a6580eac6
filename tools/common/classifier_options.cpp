#include "tools/common/classifier_options.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "engine/base/error.h"
#include "engine/data/resident_pictures.h"
#include "tricks/label_smoothing.h"

namespace sleight {

namespace {

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

}  // namespace

void ClassifierOptions::declare(CommandLine& command_line) {
  declare_recipe_file(command_line);
  command_line.add_option(
      "--data", data,
      "Folder with train/<class>/* and val/ or test/, the same as .tar or .tar.gz, CIFAR-10's binary files, or "
      "'synthetic' (generated pictures)");
  command_line.add_option("--model", model, "One of: " + joined(classifiers()));
  command_line.add_option("--epochs", epochs, "Passes over the training pictures (default 120, for CIFAR models 200)");
  command_line.add_option(
      "--batch-size", batch_size,
      "Pictures per step (default 256, for CIFAR models 128; halved down to 16 while an epoch has fewer "
      "than 100 steps)");
  command_line.add_option("--image-size", image_size,
                          "Side of the training and evaluation pictures in pixels (default: the model's own)");
  command_line.add_option(
      "--augmentation", augmentation,
      "imagenet, imagenet-hue, cifar or none (default: as the model's family; under 30 epochs crops of 35% "
      "of the area or more)");
  declare_schedule(command_line, {.learning_rate = "0.1, for CIFAR models 0.2",
                                  .linear_scaling = "on, with --tricks none off",
                                  .warm_up_epochs = "5, a tenth of a training of under 50",
                                  .nesterov = "on",
                                  .weight_decay = "1e-4, for CIFAR models 5e-4"});
  command_line.add_flag("--zero-gamma,!--no-zero-gamma", zero_gamma,
                        "Start the last scale of each residual branch at 0 (default: from 30 epochs on)");
  command_line.add_option("--mixup", mixup, "Alpha of Beta(alpha, alpha); 0 turns mixup off");
  command_line.add_option("--mixup-off-epochs", mixup_off_epochs, "The last so many epochs without mixup");
  command_line.add_option("--mixup-lambda", mixup_lambda, "One lambda per batch or per sample");
  command_line.add_option("--label-smoothing", label_smoothing, "Epsilon; 0 turns it off");
  command_line.add_option("--smoothing", smoothing,
                          "Convention: others (eps/(K-1) on the other classes) or uniform (eps/K on all)");
  declare_general_tricks(command_line);
  declare_run(command_line);
  command_line.add_flag(
      "--data-on-device,!--no-data-on-device", data_on_device,
      "Read and decode the training pictures once and keep them in the device's memory; each step crops, "
      "mirrors and blends them there (the same bits; augmentation cifar or none, one image size)");
  command_line.add_option("--data-on-device-limit", data_on_device_limit,
                          "Refuse training pictures that would take more MiB of the device than this");
  command_line.add_option("--weights", weights, "Start from this safetensors file (torchvision's names)");
  command_line.add_option("--synthetic-pictures", synthetic.training_count, "Generated pictures to train on");
  command_line.add_option("--synthetic-size", synthetic.height, "Side of the generated pictures in pixels");
  command_line.add_option("--synthetic-classes", synthetic.classes, "Classes of the generated pictures, 2 to 50");
}

ClassifierOptions options_of_recipe(const std::string& text, const std::string& origin) {
  ClassifierOptions options;
  CommandLine command_line;
  options.declare(command_line);
  command_line.parse_settings(text, origin);
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
  // Pre-activation networks mark no scale that could start at 0; a set of tricks leaves them alone, the flag is an
  // error.
  recipe.zero_gamma = options.zero_gamma.value_or(recipe.zero_gamma && can_zero_gammas(*run.model));
  override_with(recipe.mixup_alpha, options.mixup);
  override_with(recipe.mixup_off_epochs, options.mixup_off_epochs);
  override_with(recipe.label_smoothing, options.label_smoothing);
  if (options.mixup_lambda) recipe.mixup_lambda = parse_mixup_lambda(*options.mixup_lambda);
  if (options.smoothing)
    recipe.smoothing = with_context("--smoothing", [&] { return parse_smoothing(*options.smoothing); });
  if (options.augmentation) recipe.training_augmentation = parse_augmentation(*options.augmentation);
  run.options.synthetic.width = run.options.synthetic.height;
  run.options.synthetic.evaluation_count = std::min(
      run.options.synthetic.training_count, std::max<std::int64_t>(500, run.options.synthetic.training_count / 10));

  apply_options(options, recipe);
  check(recipe.mixup_alpha >= 0.0 && std::isfinite(recipe.mixup_alpha),
        "--mixup must be a number and not negative, got ", recipe.mixup_alpha);
  check(recipe.mixup_off_epochs >= 0, "--mixup-off-epochs must not be negative, got ", recipe.mixup_off_epochs);
  check(recipe.label_smoothing >= 0.0 && recipe.label_smoothing < 1.0, "--label-smoothing must be in [0, 1), got ",
        recipe.label_smoothing);
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
  return run;
}

ClassifierRun fitted_to(ClassifierRun run, std::int64_t pictures) {
  if (!run.options.batch_size) run.recipe.batch_size = batch_size_for(run.recipe, pictures);
  return run;
}

Settings ClassifierRun::settings() const {
  Settings all = {{"data", toml_quoted(options.data)},
                  {"model", toml_quoted(options.model)},
                  {"tricks", toml_quoted(options.tricks)},
                  {"epochs", std::to_string(recipe.epochs)},
                  {"batch-size", std::to_string(recipe.batch_size)},
                  {"image-size", std::to_string(image_size)}};
  add_schedule_settings(all, recipe);
  all.insert(all.end(),
             {{"zero-gamma", toml_flag(recipe.zero_gamma)},
              {"mixup", toml_number(recipe.mixup_alpha)},
              {"mixup-off-epochs", std::to_string(recipe.mixup_off_epochs)},
              {"mixup-lambda", toml_quoted(recipe.mixup_lambda == MixupLambda::per_batch ? "batch" : "sample")},
              {"label-smoothing", toml_number(recipe.label_smoothing)},
              {"smoothing", toml_quoted(to_string(recipe.smoothing))}});
  add_general_trick_settings(all, recipe);
  add_run_settings(all, options);
  if (options.data_on_device) {
    all.emplace_back("data-on-device", toml_flag(options.data_on_device));
    all.emplace_back("data-on-device-limit", std::to_string(options.data_on_device_limit));
  }
  if (options.augmentation) all.emplace_back("augmentation", toml_quoted(*options.augmentation));
  if (options.data == "synthetic") {
    all.emplace_back("synthetic-pictures", std::to_string(options.synthetic.training_count));
    all.emplace_back("synthetic-size", std::to_string(options.synthetic.height));
    all.emplace_back("synthetic-classes", std::to_string(options.synthetic.classes));
  }
  return all;
}

}  // namespace sleight

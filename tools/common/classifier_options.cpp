#include "tools/common/classifier_options.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/data/resident_pictures.h"
#include "tricks/label_smoothing.h"

namespace sleight {

namespace {

MixupLambda parse_mixup_lambda(const std::string& text) {
  return text == "batch" ? MixupLambda::per_batch : MixupLambda::per_sample;
}

std::string name_of(MixupLambda lambda) {
  return lambda == MixupLambda::per_batch ? "batch" : "sample";
}

AugmentationRecipe parse_augmentation(const std::string& text) {
  if (text == "imagenet") return imagenet_training_recipe();
  if (text == "imagenet-hue") return imagenet_training_recipe_with_hue();
  if (text == "cifar") return cifar_training_recipe();
  return plain_recipe();
}

// Random resized crops have a smallest part of the area, in short trainings another one than the augmentation's own;
// the others have none, and then the option says nothing.
void settle_augmentation(ClassifierOptions& options, ModelFamily family, AugmentationRecipe& recipe) {
  if (options.augmentation) {
    recipe = parse_augmentation(*options.augmentation);
  } else {
    options.augmentation = family == ModelFamily::cifar ? "cifar" : "imagenet";
  }
  if (recipe.crop == CropKind::random_resized) {
    settle(options.minimum_crop_area, recipe.minimum_area);
  } else {
    options.minimum_crop_area.reset();
  }
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

void ClassifierOptions::declare(OptionList& options) {
  declare_start(options);
  declare_data(options);
  declare_schedule(options, {.learning_rate = "0.1, for CIFAR models 0.2; with --tricks none 0.1",
                             .linear_scaling = "on, with --tricks none off",
                             .schedule = "cosine, with --tricks none step",
                             .milestones = "1/4, 1/2 and 3/4 of the training, for CIFAR models 1/2 and 3/4",
                             .warm_up_epochs = "5, a tenth of a training of under 50; with --tricks none 0",
                             .nesterov = "on",
                             .weight_decay = "1e-4, for CIFAR models 5e-4"});
  declare_tricks(options);
  declare_general_tricks(options, {.random_shapes = "off, with --tricks all around the image size",
                                   .ema = "0, with --tricks all 0.9999, for CIFAR models 0.999",
                                   .ema_warm_up = "on under 30 epochs with --tricks all"});
  declare_run(options);
  options.add("data-on-device", data_on_device,
              "Read and decode the training images once and keep them in the device's memory; each step crops, mirrors "
              "and blends them there (the same bits; augmentation cifar or none, one image size)");
  options
      .add("data-on-device-limit", data_on_device_limit,
           "Refuse training images that would take more memory of the device than this")
      .unit("MIB")
      .range(1, 1 << 30)
      .free_on_resume()
      .applies_when([this] { return data_on_device; });
  options.add("weights", weights, "Start from this safetensors file (torchvision's names)").unit("FILE");
}

void ClassifierOptions::declare_data(OptionList& options) {
  options
      .add("data", data,
           "Folder with train/<class>/* and val/ or test/, the same as .tar or .tar.gz, CIFAR-10's binary files, or "
           "'synthetic' (generated images)")
      .unit("DATA");
  const auto is_synthetic = [this] { return data == "synthetic"; };
  options.add("synthetic-images", synthetic.training_count, "Generated images to train on")
      .alias("synthetic-pictures")
      .unit("IMAGES")
      .positive()
      .applies_when(is_synthetic);
  options.add("synthetic-size", synthetic.height, "Side of the generated images")
      .unit("PIXELS")
      .positive()
      .applies_when(is_synthetic);
  options.add("synthetic-classes", synthetic.classes, "Classes of the generated images")
      .unit("CLASSES")
      .range(2, 50)
      .applies_when(is_synthetic);
  options.add("model", model, "One of: " + joined(classifiers())).unit("MODEL");
  options.add("epochs", epochs, "Passes over the training images")
      .unit("EPOCHS")
      .positive()
      .default_text("120, for CIFAR models 200");
  options.add("batch-size", batch_size, "Images per step")
      .unit("IMAGES")
      .positive()
      .default_text("256, for CIFAR models 128; halved down to 16 while an epoch has fewer than 100 steps");
  options.add("image-size", image_size, "Side of the training and evaluation images")
      .unit("PIXELS")
      .range(8, 4096)
      .default_text("the model's own");
  options.add("augmentation", augmentation, "What is done to training images")
      .one_of({"imagenet", "imagenet-hue", "cifar", "none"})
      .default_text("as the model's family");
  options
      .add("minimum-crop-area", minimum_crop_area, "Random resized crops keep at least this part of the image's area")
      .unit("FRACTION")
      .range(0.0, 1.0)
      .positive()
      .default_text("0.08; under 30 epochs 0.35, unless --augmentation is given or with --tricks none");
}

void ClassifierOptions::declare_tricks(OptionList& options) {
  options.add("zero-gamma", zero_gamma, "Start the last scale of each residual branch at 0")
      .default_text("on from 30 epochs on and with --tricks all, with --tricks none off");
  options.add("mixup", mixup, "Alpha of Beta(alpha, alpha); 0 turns mixup off")
      .unit("ALPHA")
      .not_negative()
      .default_text("0, with --tricks all 0.2, for CIFAR models from 30 epochs on 1");
  options.add("mixup-off-epochs", mixup_off_epochs, "The last so many epochs without mixup")
      .unit("EPOCHS")
      .not_negative()
      .default_text("0; for CIFAR models with --tricks all 20, at most a tenth of the training");
  options.add("mixup-lambda", mixup_lambda, "One lambda per batch or per sample")
      .one_of({"batch", "sample"})
      .default_text("batch");
  options.add("label-smoothing", label_smoothing, "Epsilon; 0 turns it off")
      .unit("EPSILON")
      .not_negative()
      .below(1.0)
      .default_text("0.1; 0 with --tricks none, and for CIFAR models unless --tricks all");
  options.add("smoothing", smoothing, "Convention: others (eps/(K-1) on the other classes) or uniform (eps/K on all)")
      .one_of({"others", "uniform"})
      .default_text("others");
}

ClassifierRun resolve(const ClassifierOptions& asked) {
  check_options(asked);
  ClassifierRun run;
  run.options = asked;
  ClassifierOptions& options = run.options;
  run.model = &find_classifier(options.model);
  run.image_size = run.model->picture_size;
  settle(options.image_size, run.image_size);
  const ModelFamily family = run.model->family == ClassifierFamily::cifar ? ModelFamily::cifar : ModelFamily::imagenet;
  Recipe& recipe = run.recipe;
  recipe = default_recipe(family, parse_trick_set(options.tricks), options.epochs.value_or(0), run.image_size);
  settle_training(options, recipe);
  settle_augmentation(options, family, recipe.training_augmentation);
  // Pre-activation networks mark no scale that could start at 0; a set of tricks leaves them alone, the flag is an
  // error.
  if (!options.zero_gamma) recipe.zero_gamma = recipe.zero_gamma && can_zero_gammas(*run.model);
  settle(options.zero_gamma, recipe.zero_gamma);
  settle(options.mixup, recipe.mixup_alpha);
  settle(options.mixup_off_epochs, recipe.mixup_off_epochs);
  settle(options.mixup_lambda, recipe.mixup_lambda, parse_mixup_lambda,
         [](MixupLambda lambda) { return name_of(lambda); });
  settle(options.label_smoothing, recipe.label_smoothing);
  settle(options.smoothing, recipe.smoothing, parse_smoothing,
         [](kernels::Smoothing convention) { return to_string(convention); });
  options.synthetic.width = options.synthetic.height;
  options.synthetic.evaluation_count =
      std::min(options.synthetic.training_count, std::max<std::int64_t>(500, options.synthetic.training_count / 10));
  if (options.data_on_device) {
    with_context("--data-on-device", [&] {
      check_resident_recipe(recipe.training_augmentation);
      check(!recipe.random_shapes,
            "images that live on the device have one size; switch random shapes off (--random-shapes off), or leave "
            "the images to the loader");
    });
  }
  run.precision = options.device.parsed_precision();
  return run;
}

ClassifierRun fitted_to(ClassifierRun run, std::int64_t images) {
  if (!run.options.batch_size) run.recipe.batch_size = batch_size_for(run.recipe, images);
  settle(run.options.batch_size, run.recipe.batch_size);
  return run;
}

}  // namespace sleight

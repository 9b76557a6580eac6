#include "engine/run/classifier/options.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/data/classifier/resident_images.h"
#include "engine/run/image_flags.h"

namespace sleight {

namespace {

ClassifierAugmentation parse_augmentation(const std::string& text) {
  if (text == "imagenet") return imagenet_training_augmentation();
  if (text == "imagenet-hue") return imagenet_training_augmentation_with_hue();
  if (text == "cifar") return cifar_training_augmentation();
  return plain_recipe();
}

// Random resized crops have a smallest part of the area, in short trainings another one than the augmentation's own;
// the others have none, and then the option says nothing.
void settle_augmentation(ClassifierTrainingOptions& options, ClassifierFamily family, ClassifierAugmentation& recipe) {
  if (options.augmentation) {
    recipe = parse_augmentation(*options.augmentation);
  } else {
    options.augmentation = family == ClassifierFamily::cifar ? "cifar" : "imagenet";
  }
  if (recipe.crop == CropKind::random_resized) {
    settle(options.minimum_crop_area, recipe.minimum_area);
  } else {
    options.minimum_crop_area.reset();
  }
}

bool has_residual_branches(const ClassifierModel& model) {
  Tracer trace(Mode::inference);
  model.trace(trace, trace.input("images", {1, model.image_size, model.image_size, 3}, DataType::float32), 2);
  const std::vector<Parameter>& parameters = trace.program().parameters;
  return std::any_of(parameters.begin(), parameters.end(), [](const Parameter& p) { return p.ends_residual_branch; });
}

}  // namespace

void ClassifierTrainingOptions::declare(OptionList& options) {
  declare_start(options);
  declare_data(options);
  declare_optimizer(options, "on", "1e-4, for CIFAR models 5e-4");
  trick_list.declare(options, LearningTask::classifier);
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

void ClassifierTrainingOptions::declare_data(OptionList& options) {
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
  declare_validation_share(options, validation_share).applies_when([this] { return data != "synthetic"; });
  declare_exif_orientation(options, exif_orientation).applies_when([this] { return data != "synthetic"; });
  options.add("model", model, model_help(offered_models)).unit("MODEL");
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

ClassifierRun resolve(const ClassifierTrainingOptions& asked, const ClassifierModel& model) {
  check_options(asked);
  check(model.trace != nullptr, "the classifier '", model.name, "' has no function that traces it");
  ClassifierRun run{.options = asked, .model = &model, .recipe = {}, .image_size = model.image_size, .precision = {}};
  ClassifierTrainingOptions& options = run.options;
  options.model = model.name;
  settle(options.image_size, run.image_size);
  const ClassifierFamily family = model.family;
  ClassifierRecipe& recipe = run.recipe;
  const TrickSet tricks = parse_trick_set(options.tricks);
  recipe = default_classifier_recipe(family, tricks, options.epochs.value_or(0));
  settle_training(options, recipe);
  double validation_share = default_validation_share;
  settle(options.validation_share, validation_share);
  settle_augmentation(options, family, recipe.training_augmentation);
  options.trick_list.resolve({.task = LearningTask::classifier,
                              .tricks = tricks,
                              .small_images = family == ClassifierFamily::cifar,
                              .has_residual_branches = has_residual_branches(model),
                              .epochs = recipe.epochs,
                              .image_size = run.image_size});
  options.synthetic.width = options.synthetic.height;
  options.synthetic.evaluation_count =
      std::min(options.synthetic.training_count, std::max<std::int64_t>(500, options.synthetic.training_count / 10));
  if (options.data_on_device) {
    with_context("--data-on-device", [&] {
      check_resident_recipe(recipe.training_augmentation);
      check(!options.trick_list.draw_sizes(),
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

ClassifierProgramOptions training_program_options(const ClassifierRun& run, TrickList& tricks, std::int64_t classes) {
  ClassifierProgramOptions options;
  options.classes = classes;
  options.element = run.precision.element;
  options.normalization = run.recipe.normalization;
  options.update.nesterov = run.recipe.nesterov;
  tricks.change(options);
  return options;
}

}  // namespace sleight

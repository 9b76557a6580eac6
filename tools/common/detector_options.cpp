#include "tools/common/detector_options.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "tools/common/box_sizes.h"

namespace sleight {

namespace {

DetectionMixupForm parse_mixup_form(const std::string& text) {
  return text == "beta" ? DetectionMixupForm::beta : DetectionMixupForm::half;
}

std::string name_of(DetectionMixupForm form) {
  return form == DetectionMixupForm::beta ? "beta" : "half";
}

DetectionRecipe parse_augmentation(const std::string& text) {
  if (text == "ssd") return detection_training_recipe();
  DetectionRecipe recipe = detection_evaluation_recipe();
  if (text == "flip") recipe.flip_probability = 0.5;
  return recipe;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

void DetectionDataOptions::declare(OptionList& options, std::string& data) {
  declare_source(options, data);
  declare_training_split(options, data);
  declare_evaluation_split(options, data);
}

Option& DetectionDataOptions::declare_training(OptionList& options, std::string& data) {
  Option& data_option = declare_source(options, data);
  declare_training_split(options, data);
  return data_option;
}

void DetectionDataOptions::declare_evaluation(OptionList& options, std::string& data) {
  declare_source(options, data);
  declare_evaluation_split(options, data);
}

void DetectionDataOptions::declare_training_split(OptionList& options, const std::string& data) {
  const auto is_on_disk = [&data] { return data != "synthetic"; };
  options.add("train-split", training_split, "Name of the split to train on")
      .unit("SPLIT")
      .default_text("the format's rule")
      .applies_when(is_on_disk);
  options.add("classes", classes, "File with one class name per line")
      .unit("FILE")
      .default_text("those of the dataset")
      .applies_when(is_on_disk);
  options.add("difficult", difficult, "Whether to train on VOC's difficult objects")
      .one_of({"keep", "drop"})
      .applies_when(is_on_disk);
}

void DetectionDataOptions::declare_evaluation_split(OptionList& options, const std::string& data) {
  options.add("evaluation-split", evaluation_split, "Name of the split to evaluate on")
      .unit("SPLIT")
      .default_text("the format's rule")
      .applies_when([&data] { return data != "synthetic"; });
}

Option& DetectionDataOptions::declare_source(OptionList& options, std::string& data) {
  Option& data_option =
      options.add("data", data, "Folder or .tar, .tar.gz of a dataset with boxes, or 'synthetic' (generated scenes)")
          .unit("DATA");
  const auto is_synthetic = [&data] { return data == "synthetic"; };
  options
      .add("format", format,
           "voc (JPEGImages, Annotations, ImageSets; several years side by side), coco (JSON) or yolo (text files)")
      .unit("FORMAT")
      .applies_when([&data] { return data != "synthetic"; });
  options
      .add("synthetic-images", synthetic.training_count,
           "Generated scenes to train on; a tenth as many, but at least 100, to evaluate on")
      .alias("synthetic-pictures")
      .unit("IMAGES")
      .positive()
      .applies_when(is_synthetic);
  options.add("synthetic-size", synthetic.height, "Side of the generated scenes")
      .unit("PIXELS")
      .positive()
      .applies_when(is_synthetic);
  options.add("synthetic-classes", synthetic.classes, "Classes of the generated scenes")
      .unit("CLASSES")
      .range(1, 50)
      .applies_when(is_synthetic);
  return data_option;
}

DetectionFormat DetectionDataOptions::parsed_format(const std::string& data) const {
  const DetectionFormat parsed = with_context("--format", [&] { return parse_detection_format(format); });
  if (data == "synthetic") return DetectionFormat::synthetic;
  check(parsed != DetectionFormat::synthetic, "--format synthetic goes with --data synthetic, not ", data);
  return parsed;
}

DetectionDatasetOptions DetectionDataOptions::dataset_options(std::uint64_t seed) const {
  DetectionDatasetOptions options;
  options.training_split = training_split;
  options.evaluation_split = evaluation_split;
  if (!classes.empty()) options.class_names = read_class_names(classes);
  options.difficult_in_training = with_context("--difficult", [&] { return parse_difficult_objects(difficult); });
  options.synthetic = synthetic;
  options.synthetic.width = synthetic.height;
  options.synthetic.evaluation_count = std::max<std::int64_t>(100, synthetic.training_count / 10);
  options.synthetic.seed = seed;
  return options;
}

DetectionMetric parse_detection_metric(const std::string& text) {
  if (text == "voc07") return DetectionMetric::voc07;
  if (text == "voc") return DetectionMetric::voc;
  if (text == "coco") return DetectionMetric::coco;
  fail("the metric is 'voc07', 'voc' or 'coco', got '", text, "'");
}

std::string name_of(DetectionMetric metric) {
  switch (metric) {
    case DetectionMetric::voc07:
      return "VOC07 mAP@0.5";
    case DetectionMetric::voc:
      return "VOC mAP@0.5";
    case DetectionMetric::coco:
      break;
  }
  return "COCO AP";
}

void DetectorOptions::declare(OptionList& options) {
  declare_start(options);
  boxes.declare(options, data);
  options.add("model", model, "One of: " + joined(detector_names())).unit("MODEL");
  options.add("epochs", epochs, "Passes over the training images").unit("EPOCHS").positive().default_text("200");
  options.add("batch-size", batch_size, "Images per step")
      .unit("IMAGES")
      .positive()
      .default_text("64; halved down to 16 while an epoch has fewer than 100 steps");
  options
      .add("image-size", image_size,
           "Side of the evaluation images, and of the training images without --random-shapes; a multiple of what the "
           "model says")
      .unit("PIXELS")
      .range(1, 4096)
      .default_text("the model's own");
  options
      .add("augmentation", augmentation,
           "What is done to training images: ssd (colors, expand, constrained crop, random filter, flip), flip or none")
      .one_of({"ssd", "flip", "none"})
      .default_text("ssd");
  options.add("letterbox", letterbox, "Keep the aspect when resizing, with the mean color around; off: stretch")
      .default_text("off");
  declare_schedule(options, {.learning_rate = "0.001",
                             .linear_scaling = "off",
                             .schedule = "cosine, with --tricks none step",
                             .milestones = "4/5 and 9/10 of the training",
                             .warm_up_epochs = "4, at most a twentieth of the training; with --tricks none 2",
                             .nesterov = "off",
                             .weight_decay = "5e-4"});
  families.declare(options);
  declare_tricks(options);
  declare_general_tricks(options,
                         {.random_shapes = "three sizes below the image size to six above, with --tricks none off",
                          .ema = "0, with --tricks all 0.9998",
                          .ema_warm_up = "on with --tricks all"});
  // Not free on resume: it decides which weights are the best.
  options.add("metric", metric, "By which the best weights are chosen").one_of({"voc07", "voc", "coco"});
  declare_run(options);
  options.add("weights", weights, "Start from this file: safetensors or darknet's .weights, of the whole network")
      .unit("FILE");
  options
      .add("backbone-weights", backbone_weights,
           "Start the backbone from this file: darknet's (darknet53.conv.74), or safetensors of a classifier on the "
           "same backbone")
      .unit("FILE");
}

void DetectorOptions::declare_tricks(OptionList& options) {
  options.add("mixup", mixup, "Alpha of Beta(alpha, alpha); 0 turns mixup off")
      .unit("ALPHA")
      .not_negative()
      .default_text("0, with --tricks all 1.5");
  options.add("mixup-off-epochs", mixup_off_epochs, "The last so many epochs without mixup")
      .unit("EPOCHS")
      .not_negative()
      .default_text("20, at most a tenth of the training");
  options.add("mixup-form", mixup_form, "half is darknet's: lambda 1/2, objects not weighted")
      .one_of({"beta", "half"})
      .default_text("beta");
  options.add("label-smoothing", class_smoothing, "Of the classes")
      .one_of({"none", "gluon", "darknet"})
      .default_text("gluon, with --tricks none none");
}

DetectorRun resolve(const DetectorOptions& asked) {
  check_options(asked);
  DetectorRun run;
  run.options = asked;
  DetectorOptions& options = run.options;
  run.model = &find_detector(options.model);
  run.format = options.boxes.parsed_format(options.data);
  run.metric = with_context("--metric", [&] { return parse_detection_metric(options.metric); });
  run.image_size = run.model->image_size;
  settle(options.image_size, run.image_size);
  check_image_size(*run.model, run.image_size, "--image-size");
  check(options.weights.empty() || options.backbone_weights.empty(),
        "--weights and --backbone-weights cannot both be given: the first file holds the backbone too");
  DetectorRecipe& recipe = run.recipe;
  recipe = default_detector_recipe(parse_trick_set(options.tricks), options.epochs.value_or(0), run.image_size,
                                   run.model->size_multiple);
  settle_training(options, recipe);
  const std::int64_t multiple = run.model->size_multiple;
  if (recipe.random_shapes)
    check(recipe.random_shapes->minimum % multiple == 0 && recipe.random_shapes->multiple % multiple == 0,
          "--random-shapes of ", run.model->name, " must be multiples of ", multiple, ", got ",
          to_string(*recipe.random_shapes));
  if (!options.augmentation) options.augmentation = "ssd";
  recipe.training_augmentation = parse_augmentation(*options.augmentation);
  settle(options.letterbox, recipe.evaluation_augmentation.letterbox);
  recipe.training_augmentation.letterbox = *options.letterbox;
  settle(options.class_smoothing, recipe.class_smoothing, parse_class_smoothing,
         [](ClassSmoothingForm form) { return to_string(form); });
  settle(options.mixup, recipe.mixup_alpha);
  settle(options.mixup_off_epochs, recipe.mixup_off_epochs);
  settle(options.mixup_form, recipe.mixup_form, parse_mixup_form,
         [](DetectionMixupForm form) { return name_of(form); });

  run.precision = options.device.parsed_precision();
  options.families.resolve(*run.model);
  return run;
}

DetectorRun fitted_to(DetectorRun run, const DetectionDataset& training) {
  DetectorOptions& options = run.options;
  if (!options.batch_size) run.recipe.batch_size = batch_size_for(run.recipe, training.size());
  settle(options.batch_size, run.recipe.batch_size);
  Copied<DetectorConfiguration>& configuration = options.families.of(*run.model);
  if (configuration->needs_boxes()) {
    std::optional<PictureSize> known;
    if (run.format == DetectionFormat::synthetic)
      known = PictureSize{options.boxes.synthetic.height, options.boxes.synthetic.height};
    configuration->fit(box_sizes_at(training, run.image_size, run.recipe.evaluation_augmentation.letterbox, known),
                       options.seed);
  }
  return run;
}

void check_image_size(const DetectorModel& model, std::int64_t image_size, const std::string& flag) {
  check(image_size >= 2 * model.size_multiple && image_size <= 4096 && image_size % model.size_multiple == 0, flag,
        " of ", model.name, " must be a multiple of ", model.size_multiple, " from ", 2 * model.size_multiple,
        " to 4096 pixels, got ", image_size);
}

}  // namespace sleight

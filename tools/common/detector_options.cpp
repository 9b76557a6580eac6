#include "tools/common/detector_options.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "engine/base/error.h"
#include "tools/common/box_sizes.h"

namespace sleight {

namespace {

DetectionMixupForm parse_mixup_form(const std::string& text) {
  if (text == "beta") return DetectionMixupForm::beta;
  if (text == "half") return DetectionMixupForm::half;
  fail("--mixup-form is 'beta' or 'half', got '", text, "'");
}

DetectionRecipe parse_augmentation(const std::string& text) {
  if (text == "ssd") return detection_training_recipe();
  if (text == "flip") {
    DetectionRecipe recipe = detection_evaluation_recipe();
    recipe.flip_probability = 0.5;
    return recipe;
  }
  if (text == "none") return detection_evaluation_recipe();
  fail("--augmentation is 'ssd', 'flip' or 'none', got '", text, "'");
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

void DetectionDataOptions::declare(CommandLine& command_line, std::string& data) {
  declare_source(command_line, data);
  declare_training_split(command_line);
  declare_evaluation_split(command_line);
}

CommandLine::Option DetectionDataOptions::declare_training(CommandLine& command_line, std::string& data) {
  const CommandLine::Option data_option = declare_source(command_line, data);
  declare_training_split(command_line);
  return data_option;
}

void DetectionDataOptions::declare_evaluation(CommandLine& command_line, std::string& data) {
  declare_source(command_line, data);
  declare_evaluation_split(command_line);
}

void DetectionDataOptions::declare_training_split(CommandLine& command_line) {
  command_line.add_option("--train-split", training_split,
                          "Name of the split to train on (default: the format's rule)");
  command_line.add_option("--classes", classes, "File with one class name per line (default: those of the data set)");
  command_line.add_option("--difficult", difficult, "Train on VOC's difficult objects: keep or drop");
}

void DetectionDataOptions::declare_evaluation_split(CommandLine& command_line) {
  command_line.add_option("--evaluation-split", evaluation_split,
                          "Name of the split to evaluate on (default: the format's rule)");
}

CommandLine::Option DetectionDataOptions::declare_source(CommandLine& command_line, std::string& data) {
  const CommandLine::Option data_option = command_line.add_option(
      "--data", data, "Folder or .tar, .tar.gz of a data set with boxes, or 'synthetic' (generated scenes)");
  command_line.add_option(
      "--format", format,
      "voc (JPEGImages, Annotations, ImageSets; several years side by side), coco (JSON) or yolo (text files)");
  command_line.add_option("--synthetic-pictures", synthetic.training_count,
                          "Generated scenes to train on; a tenth as many, but at least 100, to evaluate on");
  command_line.add_option("--synthetic-size", synthetic.height, "Side of the generated scenes in pixels");
  command_line.add_option("--synthetic-classes", synthetic.classes, "Classes of the generated scenes, 1 to 50");
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

void DetectionDataOptions::add_settings(Settings& settings, const std::string& data) const {
  if (data == "synthetic") {
    settings.emplace_back("synthetic-pictures", std::to_string(synthetic.training_count));
    settings.emplace_back("synthetic-size", std::to_string(synthetic.height));
    settings.emplace_back("synthetic-classes", std::to_string(synthetic.classes));
    return;
  }
  settings.emplace_back("format", toml_quoted(format));
  if (!training_split.empty()) settings.emplace_back("train-split", toml_quoted(training_split));
  if (!evaluation_split.empty()) settings.emplace_back("evaluation-split", toml_quoted(evaluation_split));
  if (!classes.empty()) settings.emplace_back("classes", toml_quoted(classes));
  settings.emplace_back("difficult", toml_quoted(difficult));
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

void DetectorOptions::declare(CommandLine& command_line) {
  declare_recipe_file(command_line);
  boxes.declare(command_line, data);
  command_line.add_option("--model", model, "One of: " + joined(detector_names()));
  command_line.add_option("--epochs", epochs, "Passes over the training pictures (default 200)");
  command_line.add_option("--batch-size", batch_size,
                          "Pictures per step (default 64; halved down to 16 while an epoch has fewer than 100 steps)");
  command_line.add_option(
      "--image-size", image_size,
      "Side of the evaluation images in pixels, and of the training images without --random-shapes; a multiple of what "
      "the model takes, 32 for YOLOv3 (default: the model's own)");
  command_line.add_option("--augmentation", augmentation,
                          "ssd (colours, expand, constrained crop, random filter, flip), flip or none (default ssd)");
  command_line.add_flag("--letterbox,!--no-letterbox", letterbox,
                        "Keep the aspect when resizing, with the mean colour around (default off: stretch)");
  declare_schedule(command_line, {.learning_rate = "0.001",
                                  .linear_scaling = "off",
                                  .warm_up_epochs = "4, at most a twentieth of the training; with --tricks none 2",
                                  .nesterov = "off",
                                  .weight_decay = "5e-4"});
  OptionList of_families;
  families.declare(of_families);
  command_line.add(of_families);
  command_line.add_option("--mixup", mixup,
                          "Alpha of Beta(alpha, alpha); 0 turns mixup off (default 1.5 with --tricks all)");
  command_line.add_option("--mixup-off-epochs", mixup_off_epochs, "The last so many epochs without mixup");
  command_line.add_option("--mixup-form", mixup_form, "beta, or half (darknet: lambda 1/2, objects not weighted)");
  command_line.add_option("--label-smoothing", class_smoothing, "Of the classes: none, gluon or darknet");
  declare_general_tricks(command_line);
  command_line.add_option("--metric", metric, "By which the best weights are chosen: voc07, voc or coco");
  declare_run(command_line);
  command_line.add_option("--weights", weights,
                          "Start from this file: safetensors or darknet's .weights, of the whole network");
  command_line.add_option(
      "--backbone-weights", backbone_weights,
      "Start the backbone from this file: darknet's (darknet53.conv.74), or safetensors of a classifier on "
      "the same backbone");
}

DetectorOptions detector_options_of_recipe(const std::string& text, const std::string& origin) {
  DetectorOptions options;
  CommandLine command_line;
  options.declare(command_line);
  command_line.parse_settings(text, origin);
  return options;
}

DetectorRun resolve(const DetectorOptions& options) {
  DetectorRun run;
  run.options = options;
  run.model = &find_detector(options.model);
  run.format = options.boxes.parsed_format(options.data);
  run.metric = with_context("--metric", [&] { return parse_detection_metric(options.metric); });
  run.image_size = options.image_size.value_or(run.model->image_size);
  check_image_size(*run.model, run.image_size, "--image-size");
  check(!options.epochs || *options.epochs >= 1, "--epochs must be at least 1, got ", options.epochs.value_or(0));
  check(options.weights.empty() || options.backbone_weights.empty(),
        "--weights and --backbone-weights cannot both be given: the first file holds the backbone too");
  DetectorRecipe& recipe = run.recipe;
  recipe = default_detector_recipe(parse_trick_set(options.tricks), options.epochs.value_or(0), run.image_size,
                                   run.model->size_multiple);
  apply_options(options, recipe);
  override_with(recipe.mixup_alpha, options.mixup);
  override_with(recipe.mixup_off_epochs, options.mixup_off_epochs);
  if (options.mixup_form) recipe.mixup_form = parse_mixup_form(*options.mixup_form);
  if (options.class_smoothing)
    recipe.class_smoothing =
        with_context("--label-smoothing", [&] { return parse_class_smoothing(*options.class_smoothing); });
  if (options.augmentation) recipe.training_augmentation = parse_augmentation(*options.augmentation);
  if (options.letterbox)
    recipe.training_augmentation.letterbox = recipe.evaluation_augmentation.letterbox = *options.letterbox;
  check(recipe.mixup_alpha >= 0.0 && std::isfinite(recipe.mixup_alpha),
        "--mixup must be a number and not negative, got ", recipe.mixup_alpha);
  check(recipe.mixup_off_epochs >= 0, "--mixup-off-epochs must not be negative, got ", recipe.mixup_off_epochs);
  const std::int64_t multiple = run.model->size_multiple;
  if (recipe.random_shapes)
    check(recipe.random_shapes->minimum % multiple == 0 && recipe.random_shapes->multiple % multiple == 0,
          "--random-shapes of ", run.model->name, " must be multiples of ", multiple, ", got ",
          to_string(*recipe.random_shapes));
  run.precision = parse_precision(options.precision, options.device);
  run.options.families.resolve(*run.model);
  return run;
}

DetectorRun fitted_to(DetectorRun run, const DetectionDataset& training) {
  if (!run.options.batch_size) run.recipe.batch_size = batch_size_for(run.recipe, training.size());
  Copied<DetectorConfiguration>& configuration = run.options.families.of(*run.model);
  if (configuration->needs_boxes()) {
    std::optional<PictureSize> known;
    if (run.format == DetectionFormat::synthetic)
      known = PictureSize{run.options.boxes.synthetic.height, run.options.boxes.synthetic.height};
    configuration->fit(box_sizes_at(training, run.image_size, run.recipe.evaluation_augmentation.letterbox, known),
                       run.options.seed);
  }
  return run;
}

void check_image_size(const DetectorModel& model, std::int64_t image_size, const std::string& flag) {
  check(image_size >= 2 * model.size_multiple && image_size <= 4096 && image_size % model.size_multiple == 0, flag,
        " of ", model.name, " must be a multiple of ", model.size_multiple, " from ", 2 * model.size_multiple,
        " to 4096 pixels, got ", image_size);
}

Settings DetectorRun::settings() const {
  Settings all = {{"data", toml_quoted(options.data)}};
  options.boxes.add_settings(all, options.data);
  all.insert(all.end(), {{"model", toml_quoted(options.model)},
                         {"tricks", toml_quoted(options.tricks)},
                         {"epochs", std::to_string(recipe.epochs)},
                         {"batch-size", std::to_string(recipe.batch_size)},
                         {"image-size", std::to_string(image_size)}});
  if (options.augmentation) all.emplace_back("augmentation", toml_quoted(*options.augmentation));
  all.emplace_back("letterbox", toml_flag(recipe.evaluation_augmentation.letterbox));
  add_schedule_settings(all, recipe);
  DetectorConfigurations families = options.families;
  OptionList of_families;
  families.declare(of_families);
  for (Setting& setting : of_families.settings())
    all.push_back(std::move(setting));
  all.insert(all.end(), {{"mixup", toml_number(recipe.mixup_alpha)},
                         {"mixup-off-epochs", std::to_string(recipe.mixup_off_epochs)},
                         {"mixup-form", toml_quoted(recipe.mixup_form == DetectionMixupForm::beta ? "beta" : "half")},
                         {"label-smoothing", toml_quoted(to_string(recipe.class_smoothing))}});
  add_general_trick_settings(all, recipe);
  all.emplace_back("metric", toml_quoted(options.metric));
  add_run_settings(all, options);
  if (!options.backbone_weights.empty()) all.emplace_back("backbone-weights", toml_quoted(options.backbone_weights));
  return all;
}

}  // namespace sleight

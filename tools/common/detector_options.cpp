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

kernels::SizeLoss parse_size_loss(const std::string& text) {
  if (text == "l1") return kernels::SizeLoss::l1;
  if (text == "l2") return kernels::SizeLoss::l2;
  fail("--size-loss is 'l1' or 'l2', got '", text, "'");
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
  command_line.add_option("--synthetic-objects", synthetic.maximum_objects,
                          "Most objects in a generated scene, 1 to 100; each has between one and so many");
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
    settings.emplace_back("synthetic-objects", std::to_string(synthetic.maximum_objects));
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
      "Side of the evaluation pictures in pixels, and of the training pictures without --random-shapes; a "
      "multiple of 32 (default: the model's own)");
  command_line.add_option("--anchors", anchors,
                          "default (the model's), auto (k-means on the training boxes at the image size), or nine "
                          "\"width,height\" in pixels, smallest first");
  command_line.add_option("--augmentation", augmentation,
                          "ssd (colours, expand, constrained crop, random filter, flip), flip or none (default ssd)");
  command_line.add_flag("--letterbox,!--no-letterbox", letterbox,
                        "Keep the aspect when resizing, with the mean colour around (default off: stretch)");
  declare_schedule(command_line, {.learning_rate = "0.001",
                                  .linear_scaling = "off",
                                  .warm_up_epochs = "4, at most a twentieth of the training; with --tricks none 2",
                                  .nesterov = "off",
                                  .weight_decay = "5e-4"});
  command_line.add_option("--size-loss", size_loss,
                          "l1, or l2 (darknet): of the logarithms of width and height (default l1)");
  command_line.add_option("--ignore-threshold", ignore_threshold,
                          "A prediction that overlaps an object more than this is no negative (default 0.7)");
  command_line.add_option("--objectness-prior", objectness_prior,
                          "Objectness that a new head gives every place, in (0, 1); 0.5 is darknet's start (default "
                          "0.01; weights that are loaded bring their own)");
  command_line.add_flag("--box-weight,!--no-box-weight", box_weight,
                        "Weigh small objects' boxes more, by 2 - width * height (default on)");
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
  run.image_size = options.image_size.value_or(run.model->picture_size);
  check(run.image_size >= 64 && run.image_size <= 4096 && run.image_size % 32 == 0,
        "--image-size must be a multiple of 32 from 64 to 4096 pixels, got ", run.image_size);
  check(!options.epochs || *options.epochs >= 1, "--epochs must be at least 1, got ", options.epochs.value_or(0));
  check(options.weights.empty() || options.backbone_weights.empty(),
        "--weights and --backbone-weights cannot both be given: the first file holds the backbone too");
  DetectorRecipe& recipe = run.recipe;
  recipe = default_detector_recipe(parse_trick_set(options.tricks), options.epochs.value_or(0), run.image_size);
  apply_options(options, recipe);
  override_with(recipe.mixup_alpha, options.mixup);
  override_with(recipe.mixup_off_epochs, options.mixup_off_epochs);
  override_with(recipe.loss.ignore_threshold, options.ignore_threshold);
  override_with(recipe.loss.box_weight, options.box_weight);
  if (options.mixup_form) recipe.mixup_form = parse_mixup_form(*options.mixup_form);
  if (options.size_loss) recipe.loss.size_loss = parse_size_loss(*options.size_loss);
  if (options.class_smoothing)
    recipe.loss.smoothing =
        with_context("--label-smoothing", [&] { return parse_class_smoothing(*options.class_smoothing); });
  recipe.loss.epsilon = class_smoothing_epsilon(recipe.loss.smoothing);
  if (options.augmentation) recipe.training_augmentation = parse_augmentation(*options.augmentation);
  if (options.letterbox)
    recipe.training_augmentation.letterbox = recipe.evaluation_augmentation.letterbox = *options.letterbox;
  override_with(run.objectness_prior, options.objectness_prior);
  check(run.objectness_prior > 0.0 && run.objectness_prior < 1.0,
        "--objectness-prior must be above 0 and below 1, got ", run.objectness_prior);
  check(recipe.mixup_alpha >= 0.0 && std::isfinite(recipe.mixup_alpha),
        "--mixup must be a number and not negative, got ", recipe.mixup_alpha);
  check(recipe.mixup_off_epochs >= 0, "--mixup-off-epochs must not be negative, got ", recipe.mixup_off_epochs);
  check(recipe.loss.ignore_threshold > 0.0 && recipe.loss.ignore_threshold <= 1.0,
        "--ignore-threshold must be in (0, 1], got ", recipe.loss.ignore_threshold);
  if (recipe.random_shapes)
    check(recipe.random_shapes->minimum % 32 == 0 && recipe.random_shapes->multiple % 32 == 0,
          "--random-shapes of a detector must be multiples of 32, got ", to_string(*recipe.random_shapes));
  run.precision = parse_precision(options.precision, options.device);
  run.anchors =
      options.anchors == "default" || options.anchors == "auto" ? run.model->anchors : parse_anchors(options.anchors);
  return run;
}

DetectorRun fitted_to(DetectorRun run, const DetectionDataset& training) {
  if (!run.options.batch_size) run.recipe.batch_size = batch_size_for(run.recipe, training.size());
  if (run.options.anchors == "auto") {
    std::optional<PictureSize> known;
    if (run.format == DetectionFormat::synthetic)
      known = PictureSize{run.options.boxes.synthetic.height, run.options.boxes.synthetic.height};
    const std::vector<BoxSize> sizes =
        box_sizes_at(training, run.image_size, run.recipe.evaluation_augmentation.letterbox, known);
    const AnchorSearch search = find_anchors(sizes, {.count = 9, .seed = run.options.seed});
    // To a tenth of a pixel, so that people can read them in the recipe.
    std::ranges::transform(search.anchors, run.anchors.begin(), [](const BoxSize& anchor) {
      return BoxSize{std::round(10.0 * anchor.width) / 10.0, std::round(10.0 * anchor.height) / 10.0};
    });
    std::ranges::stable_sort(run.anchors, std::less{}, &BoxSize::area);
  }
  return run;
}

std::array<BoxSize, 9> parse_anchors(const std::string& text) {
  std::string numbers = text;
  std::replace(numbers.begin(), numbers.end(), ',', ' ');
  std::istringstream stream(numbers);
  std::array<BoxSize, 9> anchors;
  for (BoxSize& anchor : anchors) {
    stream >> anchor.width >> anchor.height;
    check(!stream.fail() && anchor.width > 0.0 && anchor.height > 0.0 && std::isfinite(anchor.area()),
          "--anchors is 'default', 'auto' or nine positive \"width,height\", got '", text, "'");
  }
  std::string rest;
  check(!(stream >> rest), "--anchors has more than nine \"width,height\": '", text, "'");
  for (std::size_t i = 1; i < anchors.size(); ++i)
    check(anchors[i - 1].area() <= anchors[i].area(), "--anchors must come smallest first, but number ", i + 1,
          " is smaller than the one before it: '", text, "'");
  return anchors;
}

std::string to_string(const std::array<BoxSize, 9>& anchors) {
  std::string text;
  for (const BoxSize& anchor : anchors)
    text += (text.empty() ? "" : " ") + toml_number(anchor.width) + "," + toml_number(anchor.height);
  return text;
}

Settings DetectorRun::settings() const {
  Settings all = {{"data", toml_quoted(options.data)}};
  options.boxes.add_settings(all, options.data);
  all.insert(all.end(), {{"model", toml_quoted(options.model)},
                         {"tricks", toml_quoted(options.tricks)},
                         {"epochs", std::to_string(recipe.epochs)},
                         {"batch-size", std::to_string(recipe.batch_size)},
                         {"image-size", std::to_string(image_size)},
                         {"anchors", toml_quoted(to_string(anchors))}});
  if (options.augmentation) all.emplace_back("augmentation", toml_quoted(*options.augmentation));
  all.emplace_back("letterbox", toml_flag(recipe.evaluation_augmentation.letterbox));
  add_schedule_settings(all, recipe);
  all.insert(all.end(), {{"size-loss", toml_quoted(recipe.loss.size_loss == kernels::SizeLoss::l1 ? "l1" : "l2")},
                         {"ignore-threshold", toml_number(recipe.loss.ignore_threshold)},
                         {"objectness-prior", toml_number(objectness_prior)},
                         {"box-weight", toml_flag(recipe.loss.box_weight)},
                         {"mixup", toml_number(recipe.mixup_alpha)},
                         {"mixup-off-epochs", std::to_string(recipe.mixup_off_epochs)},
                         {"mixup-form", toml_quoted(recipe.mixup_form == DetectionMixupForm::beta ? "beta" : "half")},
                         {"label-smoothing", toml_quoted(to_string(recipe.loss.smoothing))}});
  add_general_trick_settings(all, recipe);
  all.emplace_back("metric", toml_quoted(options.metric));
  add_run_settings(all, options);
  if (!options.backbone_weights.empty()) all.emplace_back("backbone-weights", toml_quoted(options.backbone_weights));
  return all;
}

}  // namespace sleight

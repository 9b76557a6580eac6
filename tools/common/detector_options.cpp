#include "tools/common/detector_options.h"

#include <algorithm>
#include <cmath>
#include <sstream>

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

kernels::SizeLoss parse_size_loss(const std::string& text) {
  return text == "l1" ? kernels::SizeLoss::l1 : kernels::SizeLoss::l2;
}

std::string name_of(kernels::SizeLoss loss) {
  return loss == kernels::SizeLoss::l1 ? "l1" : "l2";
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
  options
      .add("synthetic-objects", synthetic.maximum_objects,
           "Most objects in a generated scene; each has between one and this many")
      .unit("OBJECTS")
      .range(1, 100)
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
           "Side of the evaluation images, and of the training images without --random-shapes; a multiple of 32")
      .unit("PIXELS")
      .range(64, 4096)
      .check([](const std::string& text) { return std::stoll(text) % 32 == 0 ? "" : "must be a multiple of 32"; })
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
  declare_yolo(options);
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

void DetectorOptions::declare_yolo(OptionList& options) {
  options
      .add("anchors", anchors,
           "default (the model's), auto (k-means on the training boxes at the image size), or nine \"width,height\" in "
           "pixels, smallest first")
      .unit("ANCHORS");
  options.add("size-loss", size_loss, "Of the logarithms of width and height; l2 is darknet's")
      .one_of({"l1", "l2"})
      .default_text("l1");
  options
      .add("ignore-threshold", ignore_threshold,
           "A prediction whose IoU with an object is larger than this is no negative")
      .unit("IOU")
      .range(0.0, 1.0)
      .positive()
      .default_text("0.7");
  options
      .add("objectness-prior", objectness_prior,
           "Objectness that a new head gives every place; 0.5 is darknet's start; loaded weights bring their own")
      .unit("PROBABILITY")
      .check([](const std::string& text) {
        const double prior = std::stod(text);
        return prior > 0.0 && prior < 1.0 ? "" : "must be above 0 and below 1";
      })
      .default_text("0.01");
  options.add("box-weight", box_weight, "Weigh small objects' boxes more, by 2 - width * height").default_text("on");
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
  run.image_size = run.model->picture_size;
  settle(options.image_size, run.image_size);
  check(options.weights.empty() || options.backbone_weights.empty(),
        "--weights and --backbone-weights cannot both be given: the first file holds the backbone too");
  DetectorRecipe& recipe = run.recipe;
  recipe = default_detector_recipe(parse_trick_set(options.tricks), options.epochs.value_or(0), run.image_size);
  settle_training(options, recipe);
  if (recipe.random_shapes)
    check(recipe.random_shapes->minimum % 32 == 0 && recipe.random_shapes->multiple % 32 == 0,
          "--random-shapes of a detector must be multiples of 32, got ", to_string(*recipe.random_shapes));
  if (!options.augmentation) options.augmentation = "ssd";
  recipe.training_augmentation = parse_augmentation(*options.augmentation);
  settle(options.letterbox, recipe.evaluation_augmentation.letterbox);
  recipe.training_augmentation.letterbox = *options.letterbox;

  kernels::YoloLossOptions& loss = recipe.loss;
  settle(options.size_loss, loss.size_loss, parse_size_loss, [](kernels::SizeLoss form) { return name_of(form); });
  settle(options.ignore_threshold, loss.ignore_threshold);
  settle(options.box_weight, loss.box_weight);
  settle(options.objectness_prior, run.objectness_prior);
  settle(options.class_smoothing, loss.smoothing, parse_class_smoothing,
         [](kernels::ClassSmoothing form) { return to_string(form); });
  loss.epsilon = class_smoothing_epsilon(loss.smoothing);
  settle(options.mixup, recipe.mixup_alpha);
  settle(options.mixup_off_epochs, recipe.mixup_off_epochs);
  settle(options.mixup_form, recipe.mixup_form, parse_mixup_form,
         [](DetectionMixupForm form) { return name_of(form); });

  run.precision = options.device.parsed_precision();
  run.anchors = run.model->anchors;
  if (options.anchors != "default" && options.anchors != "auto") run.anchors = parse_anchors(options.anchors);
  return run;
}

DetectorRun fitted_to(DetectorRun run, const DetectionDataset& training) {
  DetectorOptions& options = run.options;
  if (!options.batch_size) run.recipe.batch_size = batch_size_for(run.recipe, training.size());
  settle(options.batch_size, run.recipe.batch_size);
  if (options.anchors == "auto") {
    std::optional<PictureSize> known;
    if (run.format == DetectionFormat::synthetic)
      known = PictureSize{options.boxes.synthetic.height, options.boxes.synthetic.height};
    const std::vector<BoxSize> sizes =
        box_sizes_at(training, run.image_size, run.recipe.evaluation_augmentation.letterbox, known);
    const AnchorSearch search = find_anchors(sizes, {.count = 9, .seed = options.seed});
    // To a tenth of a pixel, so that people can read them in the recipe.
    std::ranges::transform(search.anchors, run.anchors.begin(), [](const BoxSize& anchor) {
      return BoxSize{std::round(10.0 * anchor.width) / 10.0, std::round(10.0 * anchor.height) / 10.0};
    });
    std::ranges::stable_sort(run.anchors, std::less{}, &BoxSize::area);
  }
  options.anchors = to_string(run.anchors);
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

}  // namespace sleight

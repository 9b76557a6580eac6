#include "engine/run/detector/options.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/run/detector/box_sizes.h"
#include "engine/run/detector/normalization.h"
#include "engine/run/image_flags.h"

namespace sleight {

namespace {

DetectorAugmentation parse_augmentation(const std::string& text) {
  if (text == "ssd") return detector_training_augmentation();
  DetectorAugmentation recipe = detector_evaluation_augmentation();
  if (text == "flip") recipe.flip_probability = 0.5;
  return recipe;
}

std::vector<std::string> names_of(const std::vector<const DetectorModel*>& models) {
  std::vector<std::string> names;
  for (const DetectorModel* model : models)
    names.push_back(model->name);
  return names;
}

// "32 for yolov3, ..."
std::string size_multiples(const std::vector<const DetectorModel*>& models) {
  std::string text;
  for (const DetectorModel* model : models)
    text += (text.empty() ? "" : ", ") + std::to_string(model->size_multiple) + " for " + model->name;
  return text;
}

}  // namespace

void DetectorDataOptions::declare(OptionList& options, std::string& data) {
  declare_source(options, data);
  declare_training_split(options, data);
  declare_evaluation_split(options, data);
}

Option& DetectorDataOptions::declare_training(OptionList& options, std::string& data) {
  Option& data_option = declare_source(options, data);
  declare_training_split(options, data);
  return data_option;
}

Option& DetectorDataOptions::declare_evaluation(OptionList& options, std::string& data) {
  Option& data_option = declare_source(options, data);
  declare_evaluation_split(options, data);
  return data_option;
}

void DetectorDataOptions::declare_training_split(OptionList& options, const std::string& data) {
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

void DetectorDataOptions::declare_evaluation_split(OptionList& options, const std::string& data) {
  options.add("evaluation-split", evaluation_split, "Name of the split to evaluate on")
      .unit("SPLIT")
      .default_text("the format's rule")
      .applies_when([&data] { return data != "synthetic"; });
}

Option& DetectorDataOptions::declare_source(OptionList& options, std::string& data) {
  Option& data_option =
      options
          .add(
              "data", data,
              "Folder or archive (.zip, .tar, ...) of a dataset with boxes, its data.yaml or JSON file, or 'synthetic' "
              "(generated scenes)")
          .unit("DATA");
  const auto is_synthetic = [&data] { return data == "synthetic"; };
  options.add("format", format, annotation_format_help()).unit("FORMAT").applies_when([&data] {
    return data != "synthetic";
  });
  options.add("images", images, "Where the images are, if not with their annotations: a folder or an archive")
      .unit("FOLDER")
      .applies_when([&data] { return data != "synthetic"; });
  declare_validation_share(options, validation_share).applies_when([&data] { return data != "synthetic"; });
  declare_exif_orientation(options, exif_orientation).applies_when([&data] { return data != "synthetic"; });
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

std::string DetectorDataOptions::format_of(const std::string& data) const {
  with_context("--format", [&] { check_detector_dataset_format(format); });
  if (data == "synthetic") return std::string(synthetic_format);
  check(format != synthetic_format, "--format synthetic goes with --data synthetic, not ", data);
  return format;
}

DetectorDatasetOptions DetectorDataOptions::dataset_options(std::uint64_t seed) const {
  DetectorDatasetOptions options;
  options.training_split = training_split;
  options.evaluation_split = evaluation_split;
  if (!classes.empty()) options.class_names = read_class_names(classes);
  options.difficult_in_training = with_context("--difficult", [&] { return parse_difficult_objects(difficult); });
  options.images = images;
  options.validation_share = validation_share_of(validation_share);
  options.exif_orientation = exif_orientation;
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

void DetectorTrainingOptions::declare(OptionList& options) {
  declare_start(options);
  boxes.declare(options, data);
  options.add("model", model, model_help(names_of(families.models()))).unit("MODEL");
  options.add("epochs", epochs, "Passes over the training images").unit("EPOCHS").positive().default_text("200");
  options.add("batch-size", batch_size, "Images per step")
      .unit("IMAGES")
      .positive()
      .default_text("64; halved down to 16 while an epoch has fewer than 100 steps");
  options
      .add("image-size", image_size,
           "Side of the evaluation images, and of the training images without --random-shapes; a multiple of what the "
           "model takes (" +
               size_multiples(families.models()) + ")")
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
  declare_normalization(options, mean, deviation, "that of the weights that it starts from, else ImageNet's");
  declare_optimizer(options, "off", "5e-4");
  families.declare(options);
  trick_list.declare(options, LearningTask::detector);
  // Not free on resume: it decides which weights are the best.
  options
      .add("metric", metric,
           "By which the best weights are chosen: Pascal VOC's mAP of 2007 (11 points), that of "
           "later years (all points), or COCO's AP")
      .one_of({"voc07", "voc", "coco"})
      .default_text("coco for data in COCO's format, else voc");
  declare_found_limits(options, found);
  declare_run(options);
  options.add("weights", weights, "Start from this file: safetensors or darknet's .weights, of the whole network")
      .unit("FILE");
  options
      .add("backbone-weights", backbone_weights,
           "Start the backbone from this file: darknet's (darknet53.conv.74), or safetensors of a classifier on the "
           "same backbone")
      .unit("FILE");
}

DetectorRun resolve(const DetectorTrainingOptions& asked, const DetectorModel& model) {
  check_options(asked);
  DetectorRun run{.options = asked, .model = &model, .recipe = {}, .precision = {}, .format = {}};
  DetectorTrainingOptions& options = run.options;
  options.model = model.name;
  run.format = options.boxes.format_of(options.data);
  run.image_size = run.model->image_size;
  settle(options.image_size, run.image_size);
  check_image_size(*run.model, run.image_size, "--image-size");
  options.families.resolve(*run.model);
  check(options.weights.empty() || options.backbone_weights.empty(),
        "--weights and --backbone-weights cannot both be given: the first file holds the backbone too");
  DetectorRecipe& recipe = run.recipe;
  recipe = default_detector_recipe(options.epochs.value_or(0));
  settle_training(options, recipe);
  options.trick_list.resolve({.task = LearningTask::detector,
                              .tricks = parse_trick_set(options.tricks),
                              .epochs = recipe.epochs,
                              .image_size = run.image_size,
                              .size_multiple = run.model->size_multiple});
  options.boxes.validation_share = validation_share_of(options.boxes.validation_share);
  if (!options.augmentation) options.augmentation = "ssd";
  recipe.training_augmentation = parse_augmentation(*options.augmentation);
  settle(options.letterbox, recipe.evaluation_augmentation.letterbox);
  recipe.training_augmentation.letterbox = *options.letterbox;
  const std::string& start = options.weights.empty() ? options.backbone_weights : options.weights;
  if (!start.empty() && (!options.mean || !options.deviation)) recipe.normalization = normalization_of_weights(start);
  settle_channels(options.mean, "mean", recipe.normalization.mean);
  settle_channels(options.deviation, "deviation", recipe.normalization.deviation);
  recipe.training_augmentation.fill = fill_of(recipe.normalization);
  recipe.evaluation_augmentation.fill = recipe.training_augmentation.fill;

  run.precision = options.device.parsed_precision();
  return run;
}

DetectorRun fitted_to(DetectorRun run, const OpenedDetectorDataset& opened) {
  DetectorTrainingOptions& options = run.options;
  const DetectorDataset& training = *opened.dataset;
  if (!options.metric) options.metric = opened.ids.images.empty() ? "voc" : "coco";
  run.metric = parse_detection_metric(*options.metric);
  if (!options.batch_size) run.recipe.batch_size = batch_size_for(run.recipe, training.size());
  settle(options.batch_size, run.recipe.batch_size);
  Copied<DetectorConfiguration>& configuration = options.families.of(*run.model);
  if (configuration->needs_boxes()) {
    std::optional<ImageSize> known;
    if (run.format == synthetic_format)
      known = ImageSize{options.boxes.synthetic.height, options.boxes.synthetic.height};
    configuration->fit(box_sizes_at(training, run.image_size, run.recipe.evaluation_augmentation.letterbox, known),
                       options.seed);
  }
  return run;
}

void check_image_size(const DetectorModel& model, std::int64_t image_size, const std::string& what) {
  check(image_size >= 2 * model.size_multiple && image_size <= 4096 && image_size % model.size_multiple == 0, what,
        " of ", model.name, " must be a multiple of ", model.size_multiple, " from ", 2 * model.size_multiple,
        " to 4096 pixels, got ", image_size);
}

DetectorProgramOptions training_program_options(const DetectorRun& run, TrickList& tricks, std::int64_t classes,
                                                std::int64_t maximum_objects) {
  DetectorProgramOptions options;
  options.classes = classes;
  options.normalization = run.recipe.normalization;
  options.element = run.precision.element;
  options.maximum_objects = maximum_objects;
  options.update.nesterov = run.recipe.nesterov;
  options.detections = run.options.found;
  tricks.change(options);
  return options;
}

}  // namespace sleight

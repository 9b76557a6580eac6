#include "tools/detector/file.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "tools/detector/options.h"

namespace sleight {

void describe_into(SafetensorsMetadata& metadata, const DetectorDescription& description) {
  description.configuration->write(metadata);
  metadata["family"] = description.model->family;
  metadata["model"] = description.model->name;
  metadata["class_names"] = nlohmann::json(description.class_names).dump();
  metadata["image_size"] = std::to_string(description.image_size);
  metadata["letterbox"] = description.letterbox ? "true" : "false";
  metadata["mean"] = nlohmann::json(description.normalization.mean).dump();
  metadata["deviation"] = nlohmann::json(description.normalization.deviation).dump();
}

DetectorDescription detector_in(const std::filesystem::path& path, const SafetensorsMetadata& metadata) {
  const std::string family = detector_family_in(metadata);
  check(
      metadata.contains("model") && !family.empty(), path.string(),
      " does not say which detector it holds; it must be best.safetensors or last.safetensors of train_detector, or a "
      "file of convert_weights");
  const DetectorModel& model = with_context(path.string(), [&]() -> const DetectorModel& {
    find_detector_family(family);
    return find_detector(metadata.at("model"));
  });
  check(model.family == family, path.string(), ": its description of the detector is damaged (", model.name,
        " is not of the family ", family, "); train it again");
  DetectorDescription description{.model = &model, .configuration = default_configuration(model)};
  try {
    description.configuration->read(metadata);
    description.class_names = nlohmann::json::parse(metadata.at("class_names")).get<std::vector<std::string>>();
    description.image_size = std::stoll(metadata.at("image_size"));
    description.letterbox = metadata.at("letterbox") == "true";
    description.normalization.mean = nlohmann::json::parse(metadata.at("mean")).get<std::array<double, 3>>();
    description.normalization.deviation = nlohmann::json::parse(metadata.at("deviation")).get<std::array<double, 3>>();
    check(!description.class_names.empty(), "no classes");
    check_image_size(model, description.image_size, "the image size");
  } catch (const std::exception& error) {
    fail(path.string(), ": its description of the detector is damaged (", error.what(), "); train it again");
  }
  return description;
}

void DetectorWeights::declare(OptionList& options) {
  options.add("weights", path, "best.safetensors of a run, or darknet's .weights").unit("FILE").required();
  options.add("model", model, "For darknet's files: which detector they hold").unit("MODEL");
  options.add("classes", classes, "For darknet's files: a file with one class name per line").unit("FILE");
  options.add("image-size", image_size, "Side of the network's images; 0: that of the training")
      .unit("PIXELS")
      .range(0, 4096);
}

DetectorDescription DetectorWeights::describe() const {
  DetectorDescription description =
      std::filesystem::path(path).extension() == ".safetensors" ? describe_own() : describe_darknet();
  if (image_size > 0) {
    check_image_size(*description.model, image_size, "--image-size");
    description.image_size = image_size;
  }
  return description;
}

DetectorDescription DetectorWeights::describe_own() const {
  DetectorDescription description = detector_in(path, SafetensorsFile(path).metadata());
  check(model.empty() || model == description.model->name, path, " holds a ", description.model->name, ", not a ",
        model);
  if (!classes.empty()) {
    const std::vector<std::string> names = read_class_names(classes);
    check(names.size() == description.class_names.size(), path, " knows ",
          count_of(std::ssize(description.class_names), "class", "classes"), ", but ", classes, " names ",
          names.size());
    description.class_names = names;
  }
  return description;
}

DetectorDescription DetectorWeights::describe_darknet() const {
  check(!model.empty() && !classes.empty(), path,
        " is not safetensors, so it must be darknet's, which names neither the network nor its classes; give --model "
        "and --classes");
  const DetectorModel& found = find_detector(model);
  return {.model = &found,
          .configuration = default_configuration(found),
          .class_names = read_class_names(classes),
          .image_size = found.image_size,
          .letterbox = true,  // darknet's own evaluation
          // darknet's images are bytes by 255.
          .normalization = {.mean = {0.0, 0.0, 0.0}, .deviation = {255.0, 255.0, 255.0}}};
}

DetectorProgramOptions program_options(const DetectorDescription& description, const Precision& precision,
                                       const ops::DetectionParameters& detections) {
  DetectorProgramOptions options;
  options.classes = std::ssize(description.class_names);
  options.normalization = description.normalization;
  options.element = precision.element;
  options.maximum_objects = 1;  // of a training, which there is none of
  options.detections = detections;
  return options;
}

DetectorAugmentation evaluation_recipe_of(const DetectorDescription& description) {
  DetectorAugmentation recipe = detector_evaluation_augmentation();
  recipe.letterbox = description.letterbox;
  return recipe;
}

}  // namespace sleight

#include "engine/run/detector/description.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/run/detector/options.h"

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
  if (description.validation_share) metadata["validation_share"] = nlohmann::json(*description.validation_share).dump();
}

DetectorDescription detector_description_in(const std::filesystem::path& path, const SafetensorsMetadata& metadata,
                                            const DetectorModel& model, Copied<DetectorConfiguration> configuration) {
  DetectorDescription description{.model = &model, .configuration = std::move(configuration)};
  try {
    description.configuration->read(metadata);
    description.class_names = nlohmann::json::parse(metadata.at("class_names")).get<std::vector<std::string>>();
    description.image_size = std::stoll(metadata.at("image_size"));
    description.letterbox = metadata.at("letterbox") == "true";
    description.normalization.mean = nlohmann::json::parse(metadata.at("mean")).get<std::array<double, 3>>();
    description.normalization.deviation = nlohmann::json::parse(metadata.at("deviation")).get<std::array<double, 3>>();
    if (metadata.contains("validation_share"))
      description.validation_share = nlohmann::json::parse(metadata.at("validation_share")).get<double>();
    check(!description.class_names.empty(), "no classes");
    check_image_size(model, description.image_size, "the image size");
  } catch (const std::exception& error) {
    fail(path.string(), ": its description of the detector is damaged (", error.what(), "); train it again");
  }
  return description;
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

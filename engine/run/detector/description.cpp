#include "engine/run/detector/description.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/checkpoint/metadata_fields.h"
#include "engine/run/detector/normalization.h"
#include "engine/run/detector/options.h"
#include "engine/run/normalization_field.h"

namespace sleight {

void describe_into(SafetensorsMetadata& metadata, const DetectorDescription& description) {
  description.configuration->write(metadata);
  metadata["family"] = description.model->family;
  metadata["model"] = description.model->name;
  metadata["class_names"] = nlohmann::json(description.class_names).dump();
  metadata["image_size"] = std::to_string(description.image_size);
  metadata["letterbox"] = description.letterbox ? "true" : "false";
  describe_into(metadata, description.normalization);
  set_metadata_share(metadata, "validation_share", description.validation_share);
}

DetectorDescription detector_description_in(const std::filesystem::path& path, const SafetensorsMetadata& metadata,
                                            const DetectorModel& model, Copied<DetectorConfiguration> configuration) {
  DetectorDescription description{.model = &model, .configuration = std::move(configuration)};
  try {
    description.configuration->read(metadata);
    description.class_names = metadata_texts(metadata, "class_names");
    description.image_size = metadata_count(metadata, "image_size");
    description.letterbox = metadata_switch(metadata, "letterbox");
    description.normalization = normalization_in(metadata);
    description.validation_share = metadata_share(metadata, "validation_share");
    check_image_size(model, description.image_size, "its 'image_size'");
  } catch (const Error& error) {
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
  recipe.fill = fill_of(description.normalization);
  return recipe;
}

}  // namespace sleight

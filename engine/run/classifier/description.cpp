#include "engine/run/classifier/description.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/checkpoint/metadata_fields.h"
#include "engine/run/normalization_field.h"

namespace sleight {

void describe_into(SafetensorsMetadata& metadata, const ClassifierDescription& description) {
  metadata["model"] = description.model;
  metadata["class_names"] = nlohmann::json(description.class_names).dump();
  metadata["image_size"] = std::to_string(description.image_size);
  describe_into(metadata, description.normalization);
}

ClassifierDescription classifier_description_in(const std::filesystem::path& path,
                                                const SafetensorsMetadata& metadata) {
  check(metadata.contains("model"), path.string(), " does not say which classifier it holds; name it with --model");
  ClassifierDescription description;
  try {
    description.model = metadata_text(metadata, "model");
    description.class_names = metadata_texts(metadata, "class_names");
    description.image_size = metadata_count(metadata, "image_size");
    check(description.image_size >= 1 && description.image_size <= 4096, "its 'image_size' is ", description.image_size,
          ", not in 1 .. 4096");
    description.normalization = normalization_in(metadata);
  } catch (const Error& error) {
    fail(path.string(), ": its description of the classifier is damaged (", error.what(),
         "); train it again or name --model");
  }
  return description;
}

ClassifierAugmentation evaluation_recipe_of(const ClassifierModel& model) {
  return model.family == ClassifierFamily::cifar ? plain_recipe() : imagenet_evaluation_augmentation();
}

}  // namespace sleight

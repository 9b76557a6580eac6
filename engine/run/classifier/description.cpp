#include "engine/run/classifier/description.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace sleight {

void describe_into(SafetensorsMetadata& metadata, const ClassifierDescription& description) {
  metadata["model"] = description.model;
  metadata["class_names"] = nlohmann::json(description.class_names).dump();
  metadata["image_size"] = std::to_string(description.image_size);
  metadata["mean"] = nlohmann::json(description.normalization.mean).dump();
  metadata["deviation"] = nlohmann::json(description.normalization.deviation).dump();
}

ClassifierDescription classifier_description_in(const std::filesystem::path& path,
                                                const SafetensorsMetadata& metadata) {
  check(metadata.contains("model"), path.string(), " does not say which classifier it holds; name it with --model");
  ClassifierDescription description;
  try {
    description.model = metadata.at("model");
    description.class_names = nlohmann::json::parse(metadata.at("class_names")).get<std::vector<std::string>>();
    description.image_size = std::stoll(metadata.at("image_size"));
    description.normalization.mean = nlohmann::json::parse(metadata.at("mean")).get<std::array<double, 3>>();
    description.normalization.deviation = nlohmann::json::parse(metadata.at("deviation")).get<std::array<double, 3>>();
  } catch (const std::exception& error) {
    fail(path.string(), ": its description of the classifier is damaged (", error.what(),
         "); train it again or name --model");
  }
  return description;
}

ClassifierAugmentation evaluation_recipe_of(const ClassifierModel& model) {
  return model.family == ClassifierFamily::cifar ? plain_recipe() : imagenet_evaluation_augmentation();
}

}  // namespace sleight

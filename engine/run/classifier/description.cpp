#include "engine/run/classifier/description.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/data/classifier/class_order.h"
#include "engine/run/classifier/evaluation_crop.h"

namespace sleight {

void describe_into(SafetensorsMetadata& metadata, const ClassifierDescription& description) {
  metadata["model"] = description.model;
  metadata["class_names"] = nlohmann::json(description.class_names).dump();
  metadata["image_size"] = std::to_string(description.image_size);
  metadata["mean"] = nlohmann::json(description.normalization.mean).dump();
  metadata["deviation"] = nlohmann::json(description.normalization.deviation).dump();
  if (description.validation_share) metadata["validation_share"] = nlohmann::json(*description.validation_share).dump();
  if (!description.evaluation) return;
  metadata["evaluation_crop"] = name_of_evaluation_crop(description.evaluation->crop);
  metadata["crop_fraction"] = nlohmann::json(description.evaluation->center_fraction).dump();
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
    if (metadata.contains("validation_share"))
      description.validation_share = nlohmann::json::parse(metadata.at("validation_share")).get<double>();
    if (metadata.contains("evaluation_crop")) {
      ClassifierAugmentation& recipe = description.evaluation.emplace(plain_recipe());
      recipe.crop = parse_evaluation_crop(metadata.at("evaluation_crop"));
      recipe.center_fraction = nlohmann::json::parse(metadata.at("crop_fraction")).get<double>();
      check_recipe(recipe);
    }
  } catch (const std::exception& error) {
    fail(path.string(), ": its description of the classifier is damaged (", error.what(),
         "); train it again or name --model");
  }
  return description;
}

std::unique_ptr<Dataset> in_class_order(std::unique_ptr<Dataset> dataset, const std::string& data,
                                        const ClassifierDescription& description, const std::string& weights) {
  if (description.names_classes) return in_class_order(std::move(dataset), data, description.class_names, weights);
  check(dataset->class_names().size() == description.class_names.size(), data, " has ", dataset->class_names().size(),
        " classes, but ", weights, " was trained on ", description.class_names.size());
  return dataset;
}

ClassifierAugmentation evaluation_recipe_of(const ClassifierDescription& description, const ClassifierModel& model) {
  if (description.evaluation) return *description.evaluation;
  return model.family == ClassifierFamily::cifar ? plain_recipe() : imagenet_evaluation_augmentation();
}

}  // namespace sleight

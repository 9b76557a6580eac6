#include "tools/classifier/file.h"

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

ClassifierDescription describe_weights(const std::filesystem::path& path, const std::string& model,
                                       std::int64_t image_size) {
  const SafetensorsFile file(path);
  ClassifierDescription description;
  if (file.metadata().contains("class_names")) {
    description = classifier_description_in(path, file.metadata());
    check(model.empty() || find_classifier(model).name == find_classifier(description.model).name, path.string(),
          " holds a ", description.model, ", not a ", model);
  } else {
    check(!model.empty(), path.string(), " does not say which classifier it holds; name it with --model");
    description.model = model;
    const SafetensorsEntry& last = file.at("fc.weight");
    check(last.shape.size() == 2, path.string(), ": 'fc.weight' must have two extents, classes and features");
    for (std::int64_t i = 0; i < last.shape[0]; ++i)
      description.class_names.push_back("class " + std::to_string(i));
    description.image_size = find_classifier(model).image_size;
  }
  if (image_size > 0) description.image_size = image_size;
  return description;
}

ClassifierAugmentation evaluation_recipe_of(const ClassifierModel& model) {
  return model.family == ClassifierFamily::cifar ? plain_recipe() : imagenet_evaluation_augmentation();
}

}  // namespace sleight

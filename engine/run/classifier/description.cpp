#include "engine/run/classifier/description.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/checkpoint/metadata_fields.h"
#include "engine/data/classifier/class_order.h"
#include "engine/run/classifier/evaluation_crop.h"
#include "engine/run/normalization_field.h"

namespace sleight {

void describe_into(SafetensorsMetadata& metadata, const ClassifierDescription& description) {
  metadata["model"] = description.model;
  metadata["class_names"] = nlohmann::json(description.class_names).dump();
  metadata["image_size"] = std::to_string(description.image_size);
  describe_into(metadata, description.normalization);
  set_metadata_share(metadata, "validation_share", description.validation_share);
  if (!description.evaluation) return;
  metadata["evaluation_crop"] = name_of_evaluation_crop(description.evaluation->crop);
  metadata["crop_fraction"] = nlohmann::json(description.evaluation->center_fraction).dump();
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
    description.validation_share = metadata_share(metadata, "validation_share");
    if (metadata.contains("evaluation_crop")) {
      ClassifierAugmentation& recipe = description.evaluation.emplace(plain_recipe());
      recipe.crop = parse_evaluation_crop(metadata_text(metadata, "evaluation_crop"));
      recipe.center_fraction = metadata_number(metadata, "crop_fraction");
      check_recipe(recipe);
    }
  } catch (const Error& error) {
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

// What a file of weights says about the classifier in it: enough to use it without repeating flags.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/safetensors.h"
#include "engine/data/classifier/augmentation.h"
#include "engine/data/classifier/dataset.h"
#include "engine/train/classifier_model.h"

namespace sleight {

struct ClassifierDescription {
  std::string model;
  std::vector<std::string> class_names;
  std::int64_t image_size = 0;
  ops::Normalization normalization = imagenet_normalization();
  // What an evaluation sees of an image; nothing in files that do not say.
  std::optional<ClassifierAugmentation> evaluation = {};
  // That was held out of the training images where the data had no split to evaluate on.
  std::optional<double> validation_share = {};
  bool names_classes = true;  // false: a file of another program, whose classes were only counted
};

// To and from the metadata of our own files.
void describe_into(SafetensorsMetadata& metadata, const ClassifierDescription& description);
// Throws Error when the file does not say which classifier it holds (a file of another program): say --model then.
ClassifierDescription classifier_description_in(const std::filesystem::path& path, const SafetensorsMetadata& metadata);

// The dataset with its classes numbered as those of the weights are. Throws Error for other classes; of weights whose
// classes have no names, only for another number of them. data, weights: where both are from.
std::unique_ptr<Dataset> in_class_order(std::unique_ptr<Dataset> dataset, const std::string& data,
                                        const ClassifierDescription& description, const std::string& weights);

// What the file says; where it does not, what the model's family is evaluated on.
ClassifierAugmentation evaluation_recipe_of(const ClassifierDescription& description, const ClassifierModel& model);

}  // namespace sleight

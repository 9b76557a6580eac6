// What a file of weights says about the classifier in it: enough to use it without repeating flags.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/checkpoint/safetensors.h"
#include "engine/data/classifier/augmentation.h"
#include "engine/train/classifier_model.h"

namespace sleight {

struct ClassifierDescription {
  std::string model;
  std::vector<std::string> class_names;
  std::int64_t image_size = 0;
  ops::Normalization normalization = imagenet_normalization();
};

// To and from the metadata of our own files.
void describe_into(SafetensorsMetadata& metadata, const ClassifierDescription& description);
// Throws Error when the file does not say which classifier it holds (a file of another program): say --model then.
ClassifierDescription classifier_description_in(const std::filesystem::path& path, const SafetensorsMetadata& metadata);

ClassifierAugmentation evaluation_recipe_of(const ClassifierModel& model);

}  // namespace sleight

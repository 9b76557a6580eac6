// The layer of a classifier that tells its classes apart: the parameters whose shapes follow the number of classes.
// The model is asked for them, so a layer may be called anything ("fc" of torchvision, "head.fc" of timm's darknet53).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/safetensors.h"
#include "engine/program/program.h"
#include "engine/train/classifier_model.h"

namespace sleight {

// The program of the network alone, for its parameters.
Program traced_network(const ClassifierModel& model, std::int64_t classes);

struct LayerNames {
  std::vector<std::string> last;  // its weight first; their first extent is the number of classes
  std::vector<std::string> rest;  // all other parameters and running statistics
};
// Throws Error for a model in which nothing follows the number of classes.
LayerNames layer_names(const ClassifierModel& model);

// How many classes the model's last layer has in this file; nothing where the file has no such layer.
std::optional<std::int64_t> classes_in(const SafetensorsFile& file, const ClassifierModel& model);

}  // namespace sleight

// Weights of a classifier that is known by its name.
#pragma once

#include <filesystem>
#include <string>

#include "engine/run/classifier/description.h"
#include "engine/run/classifier/evaluation_crop.h"

namespace sleight {

// What the file of weights says, with --model, --image-size and the crop of an evaluation over it (empty, 0 and nothing:
// not given). A file of another program needs --model; its classes are then counted from the last layer and named
// "class 0", "class 1", ...
ClassifierDescription describe_weights(const std::filesystem::path& path, const std::string& model,
                                       std::int64_t image_size, EvaluationCropOptions crop);

}  // namespace sleight

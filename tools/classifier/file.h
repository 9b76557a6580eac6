// Weights of a classifier that is known by its name.
#pragma once

#include <filesystem>
#include <string>

#include "engine/run/classifier/description.h"

namespace sleight {

// What the file of weights says, with --model and --image-size over it (empty and 0: not given). A file of another
// program needs --model; its classes are then counted from the last layer and named "class 0", "class 1", ...
ClassifierDescription describe_weights(const std::filesystem::path& path, const std::string& model,
                                       std::int64_t image_size);

}  // namespace sleight

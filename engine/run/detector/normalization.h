// How images of a detector are normalized, and the color outside of them.
#pragma once

#include <array>
#include <string>

#include "engine/ops/ops.h"

namespace sleight {

// Darknet's images are bytes by 255.
inline constexpr ops::Normalization darknet_normalization = {.mean = {0.0, 0.0, 0.0},
                                                             .deviation = {255.0, 255.0, 255.0}};

// What images were normalized by when these weights were trained: darknet's are darknet's, also after they were converted
// to safetensors; ours say it; files of other programs have ImageNet's.
ops::Normalization normalization_of_weights(const std::string& path);

// What stands around an image that does not fill its square: the mean color; where none is subtracted, the middle of the
// bytes (darknet's letterbox).
std::array<double, 3> fill_of(const ops::Normalization& normalization);

}  // namespace sleight

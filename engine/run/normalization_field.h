// The normalization of images in a file's metadata, of any task.
#pragma once

#include "engine/checkpoint/safetensors.h"
#include "engine/ops/ops.h"

namespace sleight {

void describe_into(SafetensorsMetadata& metadata, const ops::Normalization& normalization);
// Throws Error that names the field, and its value where it is wrong: deviations are above 0.
ops::Normalization normalization_in(const SafetensorsMetadata& metadata);

}  // namespace sleight

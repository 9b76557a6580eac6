// The tensors of a failed batch (failed_step.h), read back. The file may be anybody's: no shape in it asks for more memory
// than it has bytes for, and numbers that point outside of tables are refused.
#pragma once

#include <cstdint>

#include "engine/checkpoint/safetensors.h"
#include "engine/program/program.h"
#include "engine/train/learner.h"

namespace sleight {

// Tensors of a failed batch that are no input of the program by that name.
namespace failed_batch_tensors {
inline constexpr const char* images = "images";
inline constexpr const char* live_scalars = "live_scalars";
}  // namespace failed_batch_tensors

BatchShape batch_shape_in(const SafetensorsContent& file);

// M of a detector's batch of so many images.
std::int64_t maximum_objects_in(const SafetensorsContent& file, std::int64_t images);

// Throws Error for a label, a class, a flip or a partner that there is not.
void check_indices(const SafetensorsContent& file, std::int64_t images, std::int64_t classes);

// The inputs of the program, copied. Throws Error for one that is missing or of another type or shape.
BatchInputs inputs_in(const SafetensorsContent& file, const BatchShape& shape, const Program& program);

}  // namespace sleight

// A training step that gave a NaN or an infinity, kept on disk so that it can be run again, bit for bit.
#pragma once

#include <filesystem>
#include <string>

#include "engine/train/learner.h"

namespace sleight {

// The inputs of the program as tensors by their names, with the live scalars of the step. observed: observation_table
// of the forward and the backward phase.
void save_failed_batch(const std::filesystem::path& path, const BatchInputs& batch, const Program& program,
                       std::int64_t step, const Context& context, const std::string& observed);

}  // namespace sleight

// What a training run wrote into the metadata of its checkpoint.
#pragma once

#include <filesystem>
#include <string>

#include "engine/checkpoint/safetensors.h"

namespace sleight {

// An entry that only a training run's checkpoint has; the Error for a file without it, or with something else than a
// number, says what to give.
const std::string& training_entry(const std::filesystem::path& path, const SafetensorsMetadata& metadata,
                                  const std::string& key);
double training_number(const std::filesystem::path& path, const SafetensorsMetadata& metadata, const std::string& key);

// With every digit: a rounded best score would decide between two evaluations otherwise than in a run that never
// stopped.
std::string to_training_entry(double number);

}  // namespace sleight

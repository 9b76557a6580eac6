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

}  // namespace sleight

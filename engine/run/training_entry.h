// What a training run wrote into the metadata of its checkpoint.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/checkpoint/safetensors.h"
#include "engine/train/receipt.h"

namespace sleight {

// An entry that only a training run's checkpoint has; the Error for a file without it, or with something else than a
// number, says what to give.
const std::string& training_entry(const std::filesystem::path& path, const SafetensorsMetadata& metadata,
                                  const std::string& key);
double training_number(const std::filesystem::path& path, const SafetensorsMetadata& metadata, const std::string& key);
// Whole, and not negative.
std::int64_t training_count(const std::filesystem::path& path, const SafetensorsMetadata& metadata,
                            const std::string& key);
int training_threads(const std::filesystem::path& path, const SafetensorsMetadata& metadata);
std::vector<Receipt> training_receipts(const std::filesystem::path& path, const SafetensorsMetadata& metadata);

// With every digit: a rounded best score would decide between two evaluations otherwise than in a run that never
// stopped.
std::string to_training_entry(double number);

}  // namespace sleight

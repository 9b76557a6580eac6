// Fields of a file's metadata, which are texts. Every function that reads throws an Error that names the field and, where it
// is not what it should be, its value: "its 'image_size' is "12x", not a whole number".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/safetensors.h"

namespace sleight {

const std::string& metadata_text(const SafetensorsMetadata& metadata, const std::string& field);
// Whole, and not negative.
std::int64_t metadata_count(const SafetensorsMetadata& metadata, const std::string& field);
// Finite.
double metadata_number(const SafetensorsMetadata& metadata, const std::string& field);
// From 0 to below 1; nothing where the field is missing.
std::optional<double> metadata_share(const SafetensorsMetadata& metadata, const std::string& field);
void set_metadata_share(SafetensorsMetadata& metadata, const std::string& field, const std::optional<double>& share);
// "true" or "false".
bool metadata_switch(const SafetensorsMetadata& metadata, const std::string& field);
// A JSON list of texts, of one at least.
std::vector<std::string> metadata_texts(const SafetensorsMetadata& metadata, const std::string& field);
// A JSON list of three finite numbers, one for each color.
std::array<double, 3> metadata_colors(const SafetensorsMetadata& metadata, const std::string& field);

}  // namespace sleight

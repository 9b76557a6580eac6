#include "engine/run/normalization_field.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/checkpoint/metadata_fields.h"

namespace sleight {

void describe_into(SafetensorsMetadata& metadata, const ops::Normalization& normalization) {
  metadata["mean"] = nlohmann::json(normalization.mean).dump();
  metadata["deviation"] = nlohmann::json(normalization.deviation).dump();
}

ops::Normalization normalization_in(const SafetensorsMetadata& metadata) {
  ops::Normalization normalization;
  normalization.mean = metadata_colors(metadata, "mean");
  normalization.deviation = metadata_colors(metadata, "deviation");
  check(std::ranges::all_of(normalization.deviation, [](double deviation) { return deviation > 0.0; }),
        "its 'deviation' is ", shown(metadata_text(metadata, "deviation")), ", not a list of numbers above 0");
  return normalization;
}

}  // namespace sleight

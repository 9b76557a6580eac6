#include "tools/common/detector_file.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "models/detector.h"
#include "tools/common/detector_options.h"

namespace sleight {

void describe_into(SafetensorsMetadata& metadata, const DetectorDescription& description) {
  metadata["model"] = description.model;
  metadata["class_names"] = nlohmann::json(description.class_names).dump();
  metadata["image_size"] = std::to_string(description.image_size);
  metadata["letterbox"] = description.letterbox ? "true" : "false";
  metadata["anchors"] = to_string(description.anchors);
  metadata["mean"] = nlohmann::json(description.normalisation.mean).dump();
  metadata["deviation"] = nlohmann::json(description.normalisation.deviation).dump();
}

DetectorDescription detector_in(const std::filesystem::path& path, const SafetensorsMetadata& metadata) {
  check(
      metadata.contains("model") && metadata.contains("anchors"), path.string(),
      " does not say which detector it holds; it must be best.safetensors or last.safetensors of train_detector, or a "
      "file of convert_weights");
  DetectorDescription description;
  try {
    description.model = metadata.at("model");
    description.class_names = nlohmann::json::parse(metadata.at("class_names")).get<std::vector<std::string>>();
    description.image_size = std::stoll(metadata.at("image_size"));
    description.letterbox = metadata.at("letterbox") == "true";
    description.anchors = parse_anchors(metadata.at("anchors"));
    description.normalisation.mean = nlohmann::json::parse(metadata.at("mean")).get<std::array<double, 3>>();
    description.normalisation.deviation = nlohmann::json::parse(metadata.at("deviation")).get<std::array<double, 3>>();
  } catch (const std::exception& error) {
    fail(path.string(), ": its description of the detector is damaged (", error.what(), "); train it again");
  }
  find_detector(description.model);
  check(!description.class_names.empty() && description.image_size >= 64 && description.image_size <= 4096 &&
            description.image_size % 32 == 0,
        path.string(), ": its description of the detector is damaged (", description.class_names.size(),
        " classes, pictures of ", description.image_size, "); train it again");
  return description;
}

}  // namespace sleight

// What a file of weights says about the detector in it: enough to use it without repeating flags.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/data/anchors.h"
#include "engine/ops/ops.h"
#include "engine/train/safetensors.h"

namespace sleight {

struct DetectorDescription {
  std::string model;
  std::vector<std::string> class_names;
  std::int64_t image_size = 0;
  bool letterbox = false;
  std::array<BoxSize, 9> anchors;
  ops::Normalisation normalisation;
};

// To and from the metadata of our own files.
void describe_into(SafetensorsMetadata& metadata, const DetectorDescription& description);
// Throws Error when the file does not say which detector it holds, or holds no detector.
DetectorDescription detector_in(const std::filesystem::path& path, const SafetensorsMetadata& metadata);

}  // namespace sleight

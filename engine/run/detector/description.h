// What a file of weights says about the detector in it: enough to use it without repeating flags.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/safetensors.h"
#include "engine/data/detector/augmentation.h"
#include "engine/run/precision.h"
#include "engine/train/detector_family.h"
#include "engine/train/detector_program.h"

namespace sleight {

struct DetectorDescription {
  const DetectorModel* model = nullptr;
  Copied<DetectorConfiguration> configuration;  // of its family
  std::vector<std::string> class_names = {};
  std::int64_t image_size = 0;
  bool letterbox = false;
  ops::Normalization normalization = {};
  // That was held out of the training images where the data had no split to evaluate on.
  std::optional<double> validation_share = std::nullopt;
};

// To and from the metadata of our own files. The family's entries stand beside the others.
void describe_into(SafetensorsMetadata& metadata, const DetectorDescription& description);
// For one of this model's family, whose configuration is resolved. Throws Error when the description is damaged; path
// begins it.
DetectorDescription detector_description_in(const std::filesystem::path& path, const SafetensorsMetadata& metadata,
                                            const DetectorModel& model, Copied<DetectorConfiguration> configuration);

// The detector's programs; `detections`: what counts as found.
DetectorProgramOptions program_options(const DetectorDescription& description, const Precision& precision,
                                       const ops::DetectionParameters& detections);
DetectorAugmentation evaluation_recipe_of(const DetectorDescription& description);

}  // namespace sleight

// What a file of weights says about the detector in it: enough to use it without repeating flags.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/options.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/data/detector/augmentation.h"
#include "engine/train/detector_program.h"
#include "models/detector.h"
#include "tools/common/precision.h"

namespace sleight {

struct DetectorDescription {
  const DetectorModel* model = nullptr;
  Copied<DetectorConfiguration> configuration;  // of its family
  std::vector<std::string> class_names = {};
  std::int64_t image_size = 0;
  bool letterbox = false;
  ops::Normalization normalization = {};
};

// To and from the metadata of our own files. The family's entries stand beside the others.
void describe_into(SafetensorsMetadata& metadata, const DetectorDescription& description);
// Throws Error when the file does not say which detector it holds, or holds no detector.
DetectorDescription detector_in(const std::filesystem::path& path, const SafetensorsMetadata& metadata);

// What a tool is told about weights: flags say what the file does not.
struct DetectorWeights {
  std::string path;     // ours, or darknet's
  std::string model;    // for darknet's files, which do not name it
  std::string classes;  // a file with one class name per line; for darknet's files
  std::int64_t image_size = 0;

  void declare(OptionList& options);
  // Throws Error when neither the file nor the flags say it.
  DetectorDescription describe() const;

 private:
  DetectorDescription describe_own() const;
  DetectorDescription describe_darknet() const;
};

// The detector's programs; `detections`: what counts as found.
DetectorProgramOptions program_options(const DetectorDescription& description, const Precision& precision,
                                       const ops::DetectionParameters& detections);
DetectorAugmentation evaluation_recipe_of(const DetectorDescription& description);

}  // namespace sleight

// Weights of a detector that is known by its name, and the flags that say what a file does not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/base/options.h"
#include "engine/run/detector/description.h"

namespace sleight {

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

}  // namespace sleight

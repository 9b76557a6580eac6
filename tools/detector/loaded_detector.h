// A detector that is used and not trained: the flags that tools share, and one pass over images.
#pragma once

#include <string>
#include <vector>

#include "engine/run/detector/evaluation.h"
#include "engine/run/detector/found_limits.h"
#include "engine/run/device_flags.h"
#include "tools/detector/file.h"

namespace sleight {

struct DetectorUse {
  DetectorWeights weights;
  DeviceFlags device;
  std::int64_t batch_size = 8;
  ops::DetectionParameters found = default_detection_parameters();

  void declare(OptionList& options);
};

class LoadedDetector {
 public:
  // Sets the compute threads. Throws Error for weights that cannot be used.
  explicit LoadedDetector(const DetectorUse& use);

  const DetectorDescription& description() const { return description_; }
  // Warns of the images that cannot be read.
  FoundInImages find_in(const DetectorDataset& dataset, int loader_threads);

 private:
  const DetectorUse use_;
  DetectorDescription description_;
  Precision precision_;
  Context context_;
  Detector detector_;
};

// Detections of all images of a dataset as a file (engine/metrics/detections_file.h).
void write_found(const std::string& path, const ImageSource& source, const FoundInImages& found);

}  // namespace sleight

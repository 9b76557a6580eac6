// A detector that is used and not trained: the flags that tools share, and one pass over pictures.
#pragma once

#include <string>
#include <vector>

#include "tools/common/detector_evaluation.h"
#include "tools/common/detector_file.h"
#include "tools/common/device_flags.h"

namespace sleight {

struct DetectorUse {
  DetectorWeights weights;
  DeviceFlags device;
  std::int64_t batch_size = 8;
  ops::DetectionParameters found;

  void declare(OptionList& options);
};

class LoadedDetector {
 public:
  // Sets the compute threads. Throws Error for weights that cannot be used.
  explicit LoadedDetector(const DetectorUse& use);

  const DetectorDescription& description() const { return description_; }
  // Warns of the pictures that cannot be read.
  FoundInPictures find_in(const DetectionDataset& dataset, int loader_threads);

 private:
  const DetectorUse use_;
  DetectorDescription description_;
  Precision precision_;
  Context context_;
  Detector detector_;
};

// Detections of all pictures of a data set as a file (engine/train/detections_file.h).
void write_found(const std::string& path, const PictureSource& source, const FoundInPictures& found);

}  // namespace sleight

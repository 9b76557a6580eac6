#include "tools/detector/options.h"

#include "models/detector.h"
#include "tricks/all_tricks.h"

namespace sleight {

DetectorOptions::DetectorOptions()
    : DetectorTrainingOptions(detector_tricks, DetectorConfigurations(detector_families())) {
  model = "yolov3_small";
}

DetectorRun resolve(const DetectorOptions& options) {
  return resolve(options, find_detector(options.model));
}

}  // namespace sleight

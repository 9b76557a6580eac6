// The flags of train_detector: a training of a model that is asked for by name, with every trick there is.
#pragma once

#include "engine/run/detector/options.h"

namespace sleight {

struct DetectorOptions : DetectorTrainingOptions {
  DetectorOptions();
};

// Throws Error for values that make no sense, naming the flag.
DetectorRun resolve(const DetectorOptions& options);

}  // namespace sleight

// A whole training run of a detector: data, model and tricks meet.
#pragma once

#include "tools/common/detector_options.h"
#include "tools/common/training_run.h"

namespace sleight {

TrainingOutcome train_detector(const DetectorRun& run);

}  // namespace sleight

// A whole training run of a detector: data, model and tricks meet.
#pragma once

#include "tools/common/training_run.h"
#include "tools/detector/options.h"

namespace sleight {

TrainingOutcome train_detector(const DetectorRun& run);

}  // namespace sleight

// A whole training run of a classifier: data, model and tricks meet.
#pragma once

#include "tools/classifier/options.h"
#include "tools/common/training_run.h"

namespace sleight {

TrainingOutcome train_classifier(const ClassifierRun& run);

}  // namespace sleight

// A whole training run of a detector, from images with boxes to weights and a report.
#pragma once

#include "engine/run/detector/options.h"
#include "engine/run/training_run.h"

namespace sleight {

// Trains to the end, to options.max_steps or to a signal; with options.resume it goes on with the run in options.out.
// Throws Error for options that make no sense, for data and files that cannot be used, and when the training fails.
TrainingOutcome train_detector(const DetectorRun& run);
// The same of options that are not resolved yet. The model is of one of their families.
TrainingOutcome train_detector(const DetectorModel& model, const DetectorTrainingOptions& options);

}  // namespace sleight

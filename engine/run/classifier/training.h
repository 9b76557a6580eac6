// A whole training run of a classifier, from a folder of images to weights and a report.
#pragma once

#include "engine/run/classifier/options.h"
#include "engine/run/training_run.h"

namespace sleight {

// Trains to the end, to options.max_steps or to a signal; with options.resume it goes on with the run in options.out.
// Throws Error for options that make no sense, for data and files that cannot be used, and when the training fails.
TrainingOutcome train_classifier(const ClassifierRun& run);
// The same of options that are not resolved yet.
TrainingOutcome train_classifier(const ClassifierModel& model, const ClassifierTrainingOptions& options);

}  // namespace sleight

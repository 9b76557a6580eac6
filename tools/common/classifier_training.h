// A whole training run of a classifier: data, model and tricks meet; epochs, evaluation, checkpoints, log, report.
#pragma once

#include <filesystem>

#include "tools/common/classifier_options.h"

namespace sleight {

struct TrainingOutcome {
  bool finished = false;  // trained to the end, rather than stopped by a signal or --max-steps
  double best_top1 = 0.0;
  double best_epoch = 0.0;
  double last_top1 = 0.0;
  std::filesystem::path folder;
};

// The files of a run's folder besides those of run_log.h.
inline constexpr const char* last_checkpoint_name = "last.safetensors";  // everything, to go on
inline constexpr const char* best_weights_name = "best.safetensors";     // the model alone, to use

TrainingOutcome train_classifier(const ClassifierRun& run);

}  // namespace sleight

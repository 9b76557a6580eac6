// How good a classifier's weights are on the evaluation images of a dataset.
#pragma once

#include <string>

#include "engine/data/classifier/dataset.h"
#include "engine/run/classifier/description.h"
#include "engine/run/classifier/evaluation.h"
#include "engine/run/device_flags.h"

namespace sleight {

struct WeightsEvaluation {
  WeightsEvaluation() { dataset.synthetic.seed = 1; }  // as a training without --seed

  std::string data;     // as open_dataset takes it
  std::string weights;  // a file of safetensors
  std::int64_t batch_size = 64;
  DeviceFlags device;
  int loader_threads = 1;
  DatasetOptions dataset;
};

// Sets the compute threads. description: of the weights. Throws Error for weights that do not fit the model, and for a
// dataset with other classes; the same classes in another order are matched by name.
EvaluationSummaries evaluate_weights(const ClassifierModel& model, const ClassifierDescription& description,
                                     const WeightsEvaluation& evaluation);
// The same of weights that describe themselves, as best.safetensors and last.safetensors of a run do.
EvaluationSummaries evaluate_weights(const ClassifierModel& model, const WeightsEvaluation& evaluation);

}  // namespace sleight

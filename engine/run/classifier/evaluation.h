// One pass over the evaluation images.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/data/classifier/loader.h"
#include "engine/report/report.h"
#include "engine/train/classifier.h"

namespace sleight {

struct EvaluationSummary {
  std::int64_t images = 0;  // that count
  double loss = 0.0;        // mean, without smoothing
  double top1 = 0.0;        // fractions of 1
  double top5 = 0.0;
  std::vector<std::int64_t> confusion;  // [classes, classes]: row true class, column predicted class
};

struct EvaluationOptions {
  std::int64_t batch_size = 0;
  std::int64_t image_size = 0;
  int loader_threads = 1;
  ClassifierAugmentation recipe;
  bool averaged = false;  // the moving averages of the weights as well
  // Sees every batch with its logits (of the averages, where there are any), replaced images too; may be empty.
  std::function<void(const Batch& batch, std::span<const float> logits)> observe;
};

struct EvaluationSummaries {
  EvaluationSummary plain;
  EvaluationSummary averaged;  // no images without EvaluationOptions::averaged
  // Left out of all sums: what the loader put in their places are images that are counted already.
  std::vector<BrokenImage> broken;
};

EvaluationSummaries evaluate(Classifier& classifier, const Dataset& dataset, const EvaluationOptions& options);

// What the network says of image i of a batch, for the report; logits [N, classes] of the whole batch.
ReportPrediction report_prediction(const Batch& batch, std::size_t i, std::span<const float> logits,
                                   const std::vector<std::string>& classes);

}  // namespace sleight

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
  std::int64_t images = 0;      // that count
  double loss = 0.0;            // mean, without smoothing
  double top1 = 0.0;            // fractions of 1
  double top5 = 0.0;            // says nothing of five classes or fewer: see has_top5()
  std::int64_t not_finite = 0;  // images for which the network gave no finite numbers
  std::int64_t classes = 0;
  std::vector<std::int64_t> confusion;  // [classes, classes]: row true class, column predicted class

  bool has_top5() const { return classes > 5; }
};

struct EvaluationOptions {
  std::int64_t batch_size = 0;
  std::int64_t image_size = 0;
  int loader_threads = 1;
  ClassifierAugmentation recipe;
  bool averaged = false;  // the moving averages of the weights as well
  // Sees every batch with its logits, replaced images too: of the weights, then of their averages where there are any.
  // May be empty.
  std::function<void(const Batch& batch, bool averaged, std::span<const float> logits)> observe;
};

struct EvaluationSummaries {
  EvaluationSummary plain;
  EvaluationSummary averaged;  // no images without EvaluationOptions::averaged
  // Left out of all sums: what the loader put in their places are images that are counted already.
  std::vector<BrokenImage> broken;
};

// "loss 0.5210, top-1 81.20%, top-5 99.10%".
std::string text_of(const EvaluationSummary& summary);

// Warns of images for which the network gave no finite numbers: they count as wrong, and look like a bad network.
void log_not_finite(const EvaluationSummary& summary);

EvaluationSummaries evaluate(Classifier& classifier, const Dataset& dataset, const EvaluationOptions& options);

// What the network says of image i of a batch, for the report; logits [N, classes] of the whole batch.
ReportPrediction report_prediction(const Batch& batch, std::size_t i, std::span<const float> logits,
                                   const std::vector<std::string>& classes);

}  // namespace sleight

// A classifier that learns and is evaluated, batch by batch: the model's programs, one plan per shape in a cache, and
// what happens between them on the host.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "engine/base/error.h"
#include "engine/data/loader.h"
#include "engine/program/execute.h"
#include "engine/train/classification_program.h"

namespace sleight {

struct StepResult {
  double loss = 0.0;      // mean over the batch
  std::int64_t top1 = 0;  // pictures whose label (of the larger weight, with mixup) has the largest logit
  std::int64_t top5 = 0;  // or is among the five largest
};

struct EvaluationResult {
  double loss_sum = 0.0;  // over the batch; without smoothing
  std::int64_t top1 = 0;
  std::int64_t top5 = 0;
  std::span<const float> logits;  // [N, classes], until the next step
};

// A loss that is NaN or infinite. The message names the first bad value's step and layer.
class NonFiniteLoss : public Error {
 public:
  using Error::Error;
};

class Classifier {
 public:
  // Shapes in options are ignored here; each batch brings its own.
  Classifier(Context& context, ClassifierFunction model, ClassificationOptions options);

  // Makes the plan for one shape now. Call with the largest first: the arena then never grows, and too little memory is
  // found before the first step.
  Executable& plan_training(std::int64_t batch_size, std::int64_t height, std::int64_t width);
  Executable& plan_evaluation(std::int64_t batch_size, std::int64_t height, std::int64_t width, bool averaged);

  // One step with the learning rate and its like as they stand in the context's live scalars. On a non-finite loss
  // throws NonFiniteLoss before anything was updated but the running statistics.
  StepResult train(const Batch& batch);

  // averaged: with the moving averages of the weights.
  EvaluationResult evaluate(const Batch& batch, bool averaged);

  std::size_t plan_count() const { return plans_.size(); }

 private:
  enum class Use : std::uint8_t { training, evaluation, averaged_evaluation };
  using Key = std::tuple<Use, std::int64_t, std::int64_t, std::int64_t>;

  Executable& plan(Use use, std::int64_t batch_size, std::int64_t height, std::int64_t width);
  void bind(Executable& executable, const Batch& batch, bool mixup);
  std::string first_bad_value(Executable& executable);

  Context& context_;
  ClassifierFunction model_;
  ClassificationOptions options_;
  std::map<Key, std::unique_ptr<Executable>> plans_;
  std::vector<std::int32_t> partner_labels_, ranked_labels_;
};

}  // namespace sleight

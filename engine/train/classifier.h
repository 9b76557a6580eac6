// A classifier that learns and is evaluated: what is in its batches and what its steps say; the rest is a Learner.
#pragma once

#include <memory>
#include <span>

#include "engine/data/classifier/batch_view.h"
#include "engine/train/classifier_program.h"
#include "engine/train/learner.h"

namespace sleight {

struct StepResult {
  double loss = 0.0;      // mean over the batch
  std::int64_t top1 = 0;  // images whose label (of the larger weight, with mixup) has the largest logit
  std::int64_t top5 = 0;  // or is among the five largest
  bool skipped = false;   // a gradient was not finite, and nothing was changed
};

// Spans are valid until the next step. Without smoothing.
struct EvaluationResult {
  std::span<const float> row_losses;    // [N]
  std::span<const std::int32_t> ranks;  // [N] how many logits are larger than the label's
  std::span<const float> logits;        // [N, classes]
};

class Classifier {
 public:
  // Shapes in options are ignored here; each batch brings its own.
  Classifier(Context& context, ClassifierFunction model, ClassifierProgramOptions options);
  Classifier(const Classifier&) = delete;  // the learner's plans are written by this object
  Classifier& operator=(const Classifier&) = delete;

  // Makes the plan for one shape now (Learner::plan): the largest first.
  Executable& plan_training(std::int64_t batch_size, std::int64_t height, std::int64_t width);
  Executable& plan_evaluation(std::int64_t batch_size, std::int64_t height, std::int64_t width, bool averaged);

  // One step with the learning rate and its like as they stand in the context's live scalars. When the loss or a
  // gradient is not finite, throws NonFiniteStep and leaves everything in the store as it was before the step.
  StepResult train(const BatchView& batch, BadGradient bad_gradient = BadGradient::stops);

  // The same step with a look at every value as it is written (Learner::observe).
  StepObservation observe(const BatchView& batch, Phase last);

  // averaged: with the moving averages of the weights.
  EvaluationResult evaluate(const BatchView& batch, bool averaged);
  static EvaluationResult evaluation_of(const Executable& executable);

  // For those who train any kind of model: the batch as the training program takes it, and what a step said.
  Learner& learner() { return learner_; }
  BatchInputs training_inputs(const BatchView& batch, std::shared_ptr<const void> owner) const;
  static BatchInputs evaluation_inputs(const BatchView& batch, std::shared_ptr<const void> owner);
  static StepResult result_of(const Learner::Finished& finished);

  const Device& device() const { return learner_.device(); }
  std::size_t plan_count() const { return learner_.plan_count(); }

 private:
  ClassifierFunction model_;
  ClassifierProgramOptions options_;
  Learner learner_;
};

}  // namespace sleight

// A classifier that learns and is evaluated, batch by batch: the model's programs, one plan per shape in a cache, and
// what happens between them on the host.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "engine/base/error.h"
#include "engine/data/batch_view.h"
#include "engine/program/execute.h"
#include "engine/program/input_stage.h"
#include "engine/train/classification_program.h"
#include "engine/train/step_observation.h"

namespace sleight {

struct StepResult {
  double loss = 0.0;      // mean over the batch
  std::int64_t top1 = 0;  // pictures whose label (of the larger weight, with mixup) has the largest logit
  std::int64_t top5 = 0;  // or is among the five largest
};

// Spans are valid until the next step. Without smoothing.
struct EvaluationResult {
  std::span<const float> row_losses;    // [N]
  std::span<const std::int32_t> ranks;  // [N] how many logits are larger than the label's
  std::span<const float> logits;        // [N, classes]
};

// What an evaluation computes with: the weights as they are, or their moving averages.
enum class Weights : std::uint8_t { current, averaged };

// A loss or a gradient that is NaN or infinite. The message names the first bad value's step and layer.
class NonFiniteStep : public Error {
 public:
  NonFiniteStep(const std::string& message, std::string observed) : Error(message), observed_(std::move(observed)) {}

  // observation_table of the step repeated: what a replay of it must show again.
  const std::string& observed() const { return observed_; }

 private:
  std::string observed_;
};

class Classifier {
 public:
  // Shapes in options are ignored here; each batch brings its own.
  Classifier(Context& context, ClassifierFunction model, ClassificationOptions options);

  // Makes the plan for one shape now. Call with the largest first: the arena then never grows, and too little memory is
  // found before the first step.
  Executable& plan_training(std::int64_t batch_size, std::int64_t height, std::int64_t width);
  Executable& plan_evaluation(std::int64_t batch_size, std::int64_t height, std::int64_t width, bool averaged);

  // One step with the learning rate and its like as they stand in the context's live scalars. When the loss or a
  // gradient is not finite, throws NonFiniteStep and leaves everything in the store as it was before the step.
  StepResult train(const BatchView& batch);

  // The same in three calls, so that a GPU never waits for the host: upload() queues the transfer of a batch, which
  // travels while the step before is computed; start() queues the step of the batch uploaded longest ago, with the live
  // scalars as they stand; finish() waits for it. At most one step is started at a time. `owner` keeps the memory of
  // the batch until its step is finished.
  void upload(const BatchView& batch, std::shared_ptr<const void> owner);
  void start();
  StepResult finish();
  // Lets go of all batches, those that no step will take too, after the device has read them.
  void forget_batches();
  bool started() const { return started_.has_value(); }
  std::size_t uploaded() const { return uploaded_.size(); }

  // The same step with a look at every value as it is written. Runs the phases up to `last`, whatever it finds, and
  // leaves in the store what they wrote.
  StepObservation observe(const BatchView& batch, Phase last);

  // averaged: with the moving averages of the weights.
  EvaluationResult evaluate(const BatchView& batch, bool averaged);

  // The same in parts, so that a batch travels while the one before is computed: upload_evaluation() queues its
  // transfer; start_evaluation() takes the batch uploaded longest ago, once for each entry of `weights`;
  // finish_evaluation() waits for their results, one after the other, whose spans are valid until the next call of
  // finish_evaluation() or until a step is started. `owner` keeps the memory of the batch; the owner of the last batch
  // is kept until forget_evaluation().
  void upload_evaluation(const BatchView& batch, std::shared_ptr<const void> owner);
  void start_evaluation(std::span<const Weights> weights);
  EvaluationResult finish_evaluation();
  void forget_evaluation() noexcept;

  const Device& device() const { return context_.device; }
  std::size_t plan_count() const { return plans_.size(); }

 private:
  enum class Use : std::uint8_t { training, evaluation, averaged_evaluation };
  using Key = std::tuple<Use, std::int64_t, std::int64_t, std::int64_t>;

  struct BatchShape {
    std::int64_t size, height, width;
  };

  // A batch on its way to its step.
  struct Uploaded {
    BatchView batch;
    std::shared_ptr<const void> owner;
  };

  Executable& plan(Use use, std::int64_t batch_size, std::int64_t height, std::int64_t width);
  void send(InputStage& stage, const BatchView& batch, bool mixup, std::shared_ptr<const void> owner);
  [[noreturn]] void stop(const BatchView& batch, const std::string& problem);

  Context& context_;
  ClassifierFunction model_;
  ClassificationOptions options_;
  std::map<Key, std::unique_ptr<Executable>> plans_;
  InputStage training_inputs_, evaluation_inputs_;
  std::deque<Uploaded> uploaded_;
  std::optional<Uploaded> started_;
  std::deque<BatchShape> uploaded_evaluations_;
  std::deque<Executable*> evaluations_;  // started, results not fetched
};

}  // namespace sleight

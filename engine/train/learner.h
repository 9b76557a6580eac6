// A model that learns and is evaluated, batch by batch, whatever it learns: one plan per shape in a cache, batches on
// their way to the device, one step at work. What is in a batch and what a step says are left to the model's kind
// (classifier.h, detector.h).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/program/execute.h"
#include "engine/program/input_stage.h"
#include "engine/train/step_observation.h"

namespace sleight {

enum class ProgramUse : std::uint8_t { training, evaluation, averaged_evaluation };

struct BatchShape {
  std::int64_t size = 0;  // images
  std::int64_t height = 0;
  std::int64_t width = 0;

  auto operator<=>(const BatchShape&) const = default;
};

// A batch as its program takes it: bytes by the names of the inputs, and what their memory belongs to.
struct BatchInputs {
  BatchShape shape;
  std::vector<StagedInput> values;
  std::shared_ptr<const void> owner;
};

// A loss or a gradient that is NaN or infinite. The message names the first bad value's step and layer.
class NonFiniteStep : public Error {
 public:
  NonFiniteStep(const std::string& message, std::string observed) : Error(message), observed_(std::move(observed)) {}

  // observation_table of the step repeated: what a replay of it must show again.
  const std::string& observed() const { return observed_; }

 private:
  std::string observed_;
};

// What a step does when its loss is finite and a gradient is not. A gradient of a scaled loss may overflow in a healthy
// run: with skips_step that is told in the result.
enum class BadGradient : std::uint8_t { stops, skips_step };

class Learner {
 public:
  // Writes the program for one use and shape; averaged_evaluation is read with the averages of the parameters.
  using ProgramWriter = std::function<Program(ProgramUse use, const BatchShape& shape)>;

  // `bound` binds what is the same in every step, when a plan is made; may be empty.
  using PlanBinder = std::function<void(ProgramUse use, Executable& executable)>;

  Learner(Context& context, ProgramWriter write, PlanBinder bound = {});

  // Made when first asked for. Call with the largest shape first: the arena then never grows, and too little memory is
  // found before the first step.
  Executable& plan(ProgramUse use, const BatchShape& shape);

  // One training step in three calls, so that a GPU never waits for the host: upload() queues the transfer of a batch,
  // which travels while the step before is computed; start() queues the step of the batch uploaded longest ago, with
  // the live scalars as they stand; finish() waits for it. At most one step is started at a time.
  void upload(BatchInputs batch);
  void start();

  struct Finished {
    Executable* executable = nullptr;  // its results can be read until the next step is started
    BatchShape shape;
    double loss = 0.0;
    bool skipped = false;  // a gradient was not finite, and nothing was changed
  };
  // Throws NonFiniteStep, leaving everything in the store as it was before the step.
  Finished finish(BadGradient bad_gradient);
  // The batch whose step was not finite; to be asked after NonFiniteStep and before forget_batches().
  const BatchInputs& failed_batch() const { return failed_.value(); }

  // Lets go of all batches, those that no step will take too, after the device has read them.
  void forget_batches();
  bool started() const { return started_.has_value(); }
  std::size_t uploaded() const { return uploaded_.size(); }

  // A training step with a look at every value as it is written. Runs the phases up to `last`, whatever it finds, and
  // leaves in the store what they wrote.
  StepObservation observe(BatchInputs batch, Phase last);

  // Evaluation in three calls, so that a GPU never waits for the host: upload_evaluation() queues the transfer of a
  // batch, which travels while the one before is computed; start_evaluation() starts the evaluation of the batch
  // uploaded longest ago, once with each of these weights; finish_evaluation() waits for the next of those results,
  // which can be read until the next evaluation. At most one batch is started at a time.
  void upload_evaluation(BatchInputs batch);
  void start_evaluation(std::span<const ProgramUse> uses);
  Executable& finish_evaluation();
  void forget_evaluation() noexcept;
  // All three for one batch.
  Executable& evaluate(BatchInputs batch, ProgramUse use);

  const Device& device() const { return context_.device; }
  std::size_t plan_count() const { return plans_.size(); }

 private:
  using Key = std::pair<ProgramUse, BatchShape>;

  [[noreturn]] void stop(const BatchInputs& batch, const std::string& problem);

  Context& context_;
  ProgramWriter write_;
  PlanBinder bound_;
  std::map<Key, std::unique_ptr<Executable>> plans_;
  InputStage training_inputs_, evaluation_inputs_;
  std::deque<BatchInputs> uploaded_;
  std::optional<BatchInputs> started_, failed_;
  std::deque<BatchShape> uploaded_evaluations_;
  std::deque<Executable*> evaluations_;  // started, results not fetched
};

}  // namespace sleight

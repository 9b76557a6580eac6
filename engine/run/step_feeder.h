// Keeps a device busy: while one step is computed, the batch of the next one travels, and on a device that works while
// the host goes on the next step is started before the host looks at anything else.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "engine/train/learner.h"
#include "engine/train/loss_scale.h"

namespace sleight {

// Where the steps of a training come from. Batches are finished in the order in which they came; each is kept until
// release_oldest().
class StepSource {
 public:
  virtual ~StepSource() = default;

  // Waits for the loader. Throws Error when it has ended.
  virtual BatchInputs next_batch() = 0;
  // Sets the live scalars.
  virtual void before_step(std::int64_t step) = 0;
  // The step of the oldest batch changed the weights: counts for the receipts.
  virtual void count_oldest(const Program& program) = 0;
  virtual void release_oldest() = 0;
};

// The batches that a source keeps.
template <class Batch>
class KeptBatches {
 public:
  std::shared_ptr<const Batch> add(Batch batch) {
    batches_.push_back(std::make_shared<const Batch>(std::move(batch)));
    return batches_.back();
  }
  const Batch& oldest() const { return *batches_.front(); }
  void release_oldest() { batches_.pop_front(); }
  void clear() { batches_.clear(); }

 private:
  std::deque<std::shared_ptr<const Batch>> batches_;
};

class StepFeeder {
 public:
  // Steps first_step to end - 1. Everything must outlive the feeder; the learner's batches are let go of when it ends.
  // loss_scale: where the precision needs one; else null.
  StepFeeder(Context& context, Learner& learner, StepSource& source, LossScale* loss_scale, std::int64_t first_step,
             std::int64_t end);
  ~StepFeeder();
  StepFeeder(const StepFeeder&) = delete;
  StepFeeder& operator=(const StepFeeder&) = delete;

  struct Finished {
    Learner::Finished step;
    double learning_rate = 0.0;
    double loader_seconds = 0.0;  // spent waiting for a batch
  };

  // Finishes the next step, starting it first where that has not happened. Throws NonFiniteStep; its batch is the
  // source's oldest then.
  Finished finish_step();

  // Starts the next step now, where the device works while the host goes on; otherwise does nothing. Not to be called
  // before something that reads or writes the state between two steps.
  void start_ahead();

  // Whether a step is started and not finished.
  bool at_work() const { return learner_.started(); }

 private:
  void upload();
  void start();

  Context& context_;
  Learner& learner_;
  StepSource& source_;
  LossScale* loss_scale_;
  std::int64_t next_upload_, next_start_, end_;
  double loader_seconds_ = 0.0;
};

}  // namespace sleight

// Keeps a device busy: while one step is computed, the batch of the next one travels, and on a device that works while
// the host goes on the next step is started before the host looks at anything else.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "engine/data/loader.h"
#include "engine/train/classifier.h"
#include "tools/common/classifier_tricks.h"

namespace sleight {

class StepFeeder {
 public:
  // Steps first_step to end - 1, from the loader's batches in order. Everything must outlive the feeder; the loader's
  // batches are let go of when it ends.
  StepFeeder(Context& context, Classifier& classifier, ClassifierTricks& tricks, Loader& loader,
             std::int64_t first_step, std::int64_t end);
  ~StepFeeder();
  StepFeeder(const StepFeeder&) = delete;
  StepFeeder& operator=(const StepFeeder&) = delete;

  struct Finished {
    StepResult result;
    std::int64_t batch_size = 0;
    double learning_rate = 0.0;
    double loader_seconds = 0.0;  // spent waiting for a batch
  };

  // Finishes the next step, starting it first where that has not happened. Throws NonFiniteStep; batch() is its batch
  // then.
  Finished finish_step();

  // Starts the next step now, where the device works while the host goes on; otherwise does nothing. Not to be called
  // before something that reads or writes the state between two steps.
  void start_ahead();

  // Whether a step is started and not finished.
  bool at_work() const { return classifier_.started(); }
  const Batch& batch() const { return *current_; }

 private:
  void upload();
  void start();

  Context& context_;
  Classifier& classifier_;
  ClassifierTricks& tricks_;
  Loader& loader_;
  std::int64_t next_upload_, next_start_, end_;
  std::deque<std::shared_ptr<Batch>> waiting_;  // uploaded, their steps not started
  std::shared_ptr<Batch> current_;
  double loader_seconds_ = 0.0;
};

}  // namespace sleight

// The tricks of one classifier run, and their receipts: where model, tricks and data meet.
#pragma once

#include <optional>
#include <vector>

#include "engine/data/loader.h"
#include "engine/train/classifier.h"
#include "tools/common/classifier_options.h"
#include "tools/common/training_tricks.h"
#include "tricks/label_smoothing.h"
#include "tricks/mixup.h"

namespace sleight {

class ClassifierTricks {
 public:
  // The run must outlive the tricks.
  ClassifierTricks(const ClassifierRun& run, std::int64_t steps_per_epoch);

  // What the training programs are traced with; refers to this object.
  ClassificationOptions program_options(std::int64_t classes);

  // The batch of a step: size, partners, lambdas. A pure function, called from the loader's threads.
  void shape_batch(BatchRequest& request, std::int64_t step) const;
  // After a step that was run.
  void count(const Context& context, const Batch& batch, const Program& program);

  TrainingTricks& general() { return general_; }
  const TrainingTricks& general() const { return general_; }
  std::vector<std::int64_t> sizes() const { return general_.sizes(); }

  std::vector<Receipt> receipts() const;
  void restore(std::span<const Receipt> receipts);

 private:
  const Recipe& recipe_;
  DataType element_;
  std::int64_t steps_per_epoch_;
  TrainingTricks general_;
  std::optional<Mixup> mixup_;
  std::optional<LabelSmoothing> label_smoothing_;
  std::optional<Receipt> data_on_device_;
  std::optional<Receipt> zero_gamma_;  // a fact of the traced program and not of its steps
};

}  // namespace sleight

// The tricks of one classifier run, and their receipts: where model, tricks and data meet.
#pragma once

#include <optional>
#include <vector>

#include "engine/train/classifier.h"
#include "tools/common/classifier_options.h"
#include "tricks/ema.h"
#include "tricks/label_smoothing.h"
#include "tricks/learning_rate.h"
#include "tricks/mixup.h"
#include "tricks/random_shapes.h"
#include "tricks/receipt.h"

namespace sleight {

class ClassifierTricks {
 public:
  ClassifierTricks(const ClassifierRun& run, std::int64_t steps_per_epoch);

  // What the training programs are traced with; refers to this object.
  ClassificationOptions program_options(std::int64_t classes);

  // The batch of a step: size, partners, lambdas. A pure function, called from the loader's threads.
  void shape_batch(BatchRequest& request, std::int64_t step) const;

  // Largest first.
  std::vector<std::int64_t> sizes() const;
  bool averages() const { return ema_.has_value(); }

  void set_live_scalars(Context& context, std::int64_t step) const;
  // After a step that was run.
  void count(const Context& context, const Batch& batch, const Executable& executable);

  std::vector<Receipt> receipts() const;
  void restore(std::span<const Receipt> receipts);

 private:
  const Recipe& recipe_;
  DataType element_;
  std::int64_t image_size_;
  std::int64_t steps_per_epoch_;
  LearningRate learning_rate_;
  std::optional<Mixup> mixup_;
  std::optional<LabelSmoothing> label_smoothing_;
  std::optional<RandomShapes> random_shapes_;
  std::optional<Ema> ema_;
  std::optional<Receipt> data_on_device_;
  // Facts of the traced program and not of its steps.
  std::optional<Receipt> zero_gamma_, no_bias_decay_, linear_scaling_;
};

// To and from the metadata of checkpoints.
std::string receipts_to_json(std::span<const Receipt> receipts);
std::vector<Receipt> receipts_from_json(const std::string& text);

}  // namespace sleight

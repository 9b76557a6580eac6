// The tricks that every training can have, and their receipts: schedules of the rate, random shapes, moving averages,
// decay without biases; and the loss scale, which is not a trick but is set where they are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/program/execute.h"
#include "engine/train/loss_scale.h"
#include "engine/train/receipt.h"
#include "engine/train/update_steps.h"
#include "tools/common/precision.h"
#include "tricks/ema.h"
#include "tricks/learning_rate.h"
#include "tricks/random_shapes.h"
#include "tricks/training_recipe.h"

namespace sleight {

class TrainingTricks {
 public:
  // The recipe must outlive the tricks. image_size: where the shapes are not random.
  TrainingTricks(const TrainingRecipe& recipe, const Precision& precision, std::uint64_t seed, std::int64_t image_size,
                 std::int64_t steps_per_epoch);
  TrainingTricks(const TrainingTricks&) = delete;  // programs refer to it
  TrainingTricks& operator=(const TrainingTricks&) = delete;

  // How the training programs are updated; refers to this object.
  UpdateOptions update_options();

  std::int64_t size_at(std::int64_t step) const { return random_shapes_ ? random_shapes_->size_at(step) : image_size_; }
  // Of the training pictures, largest first.
  std::vector<std::int64_t> sizes() const;
  bool averages() const { return ema_.has_value(); }
  // Where the precision needs one; else null.
  LossScale* loss_scale() { return loss_scale_ ? &*loss_scale_ : nullptr; }
  const LossScale* loss_scale() const { return loss_scale_ ? &*loss_scale_ : nullptr; }

  void set_live_scalars(Context& context, std::int64_t step) const;
  // After a step that was run, on pictures of this size.
  void count(const Context& context, const Program& program, std::int64_t step, std::int64_t height,
             std::int64_t width);

  std::vector<Receipt> receipts() const;
  void restore(std::span<const Receipt> receipts);

 private:
  const TrainingRecipe& recipe_;
  std::int64_t image_size_;
  LearningRate learning_rate_;
  std::optional<RandomShapes> random_shapes_;
  std::optional<Ema> ema_;
  std::optional<LossScale> loss_scale_;
  // Facts of the traced program and not of its steps.
  std::optional<Receipt> no_bias_decay_, linear_scaling_;
};

}  // namespace sleight

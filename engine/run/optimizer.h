// What SGD is told before each step beside what tricks say: momentum, weight decay, and the scale of the loss where the
// precision needs one.
#pragma once

#include <optional>

#include "engine/program/execute.h"
#include "engine/run/precision.h"
#include "engine/run/training_recipe.h"
#include "engine/train/loss_scale.h"

namespace sleight {

class Optimizer {
 public:
  Optimizer(const TrainingRecipe& recipe, const Precision& precision);

  void set_live_scalars(Context& context) const;
  // Where the precision needs one; else null.
  LossScale* loss_scale() { return loss_scale_ ? &*loss_scale_ : nullptr; }

 private:
  double momentum_, weight_decay_;
  std::optional<LossScale> loss_scale_;
};

}  // namespace sleight

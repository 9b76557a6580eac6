#include "engine/run/optimizer.h"

namespace sleight {

Optimizer::Optimizer(const TrainingRecipe& recipe, const Precision& precision)
    : momentum_(recipe.momentum), weight_decay_(recipe.weight_decay) {
  if (precision.scales_loss()) loss_scale_.emplace();
}

void Optimizer::set_live_scalars(Context& context) const {
  const double scale = loss_scale_ ? loss_scale_->scale() : 1.0;
  context.set_live_scalar(kernels::LiveScalar::momentum, momentum_);
  context.set_live_scalar(kernels::LiveScalar::weight_decay, weight_decay_);
  context.set_live_scalar(kernels::LiveScalar::loss_scale, scale);
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0 / scale);
}

}  // namespace sleight

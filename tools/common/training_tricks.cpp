#include "tools/common/training_tricks.h"

#include "tricks/linear_scaling.h"
#include "tricks/no_bias_decay.h"

namespace sleight {

TrainingTricks::TrainingTricks(const TrainingRecipe& recipe, const Precision& precision, std::uint64_t seed,
                               std::int64_t image_size, std::int64_t steps_per_epoch)
    : recipe_(recipe), image_size_(image_size), learning_rate_(recipe.learning_rate_options(steps_per_epoch)) {
  if (recipe_.random_shapes) random_shapes_.emplace(*recipe_.random_shapes, seed);
  if (recipe_.ema_decay > 0.0) ema_.emplace(recipe_.ema_decay, recipe_.ema_warm_up);
  if (recipe_.linear_scaling) linear_scaling_ = linear_scaling_receipt(recipe_.batch_size);
  if (precision.scales_loss()) loss_scale_.emplace();
}

UpdateOptions TrainingTricks::update_options() {
  UpdateOptions options;
  options.nesterov = recipe_.nesterov;
  if (recipe_.no_bias_decay) options.decays.push_back(decays_without_bias);
  if (ema_) options.after_update.push_back([this](Tracer& trace) { ema_->trace(trace); });
  return options;
}

std::vector<std::int64_t> TrainingTricks::sizes() const {
  return random_shapes_ ? random_shapes_->all_sizes() : std::vector<std::int64_t>{image_size_};
}

void TrainingTricks::set_live_scalars(Context& context, std::int64_t step) const {
  context.set_live_scalar(kernels::LiveScalar::learning_rate, learning_rate_.at(step));
  context.set_live_scalar(kernels::LiveScalar::momentum, recipe_.momentum);
  context.set_live_scalar(kernels::LiveScalar::weight_decay, recipe_.weight_decay);
  const double scale = loss_scale_ ? loss_scale_->scale() : 1.0;
  context.set_live_scalar(kernels::LiveScalar::loss_scale, scale);
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0 / scale);
  if (ema_) context.set_live_scalar(kernels::LiveScalar::ema_decay, ema_->next_decay());
}

void TrainingTricks::count(const Context& context, const Program& program, std::int64_t step, std::int64_t height,
                           std::int64_t width) {
  learning_rate_.count(step, context.live_scalar(kernels::LiveScalar::learning_rate));
  if (random_shapes_) random_shapes_->count(step, height, width);
  if (ema_) ema_->count();
  if (recipe_.no_bias_decay && !no_bias_decay_) no_bias_decay_ = no_bias_decay_receipt(program);
}

std::vector<Receipt> TrainingTricks::receipts() const {
  std::vector<Receipt> all = learning_rate_.receipts();
  if (linear_scaling_) all.push_back(*linear_scaling_);
  if (random_shapes_) all.push_back(random_shapes_->receipt());
  if (ema_) all.push_back(ema_->receipt());
  if (recipe_.no_bias_decay) all.push_back(no_bias_decay_.value_or(Receipt{.trick = "no bias decay", .counts = {}}));
  return all;
}

void TrainingTricks::restore(std::span<const Receipt> receipts) {
  learning_rate_.restore(receipts);
  if (random_shapes_) random_shapes_->restore(find_receipt(receipts, random_shapes_->receipt().trick));
  if (ema_) ema_->restore(find_receipt(receipts, ema_->receipt().trick));
}

}  // namespace sleight

#include "tools/common/classifier_tricks.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "tricks/linear_scaling.h"
#include "tricks/no_bias_decay.h"
#include "tricks/zero_gamma.h"

namespace sleight {

ClassifierTricks::ClassifierTricks(const ClassifierRun& run, std::int64_t steps_per_epoch)
    : recipe_(run.recipe),
      element_(run.precision.element),
      image_size_(run.image_size),
      steps_per_epoch_(steps_per_epoch),
      learning_rate_(run.recipe.learning_rate_options(steps_per_epoch)) {
  const std::uint64_t seed = run.options.seed;
  if (recipe_.mixup_alpha > 0.0) {
    mixup_.emplace(MixupOptions{.alpha = recipe_.mixup_alpha,
                                .epochs = recipe_.epochs,
                                .off_epochs = recipe_.mixup_off_epochs,
                                .lambda = recipe_.mixup_lambda},
                   seed);
  }
  if (recipe_.label_smoothing > 0.0) label_smoothing_.emplace(recipe_.label_smoothing, recipe_.smoothing);
  if (recipe_.random_shapes) random_shapes_.emplace(*recipe_.random_shapes, seed);
  if (recipe_.ema_decay > 0.0) ema_.emplace(recipe_.ema_decay, recipe_.ema_warm_up);
  if (run.options.data_on_device) {
    data_on_device_ = Receipt{.trick = "data on device", .counts = {{"pictures prepared there", 0.0}}};
  }
  if (recipe_.linear_scaling) linear_scaling_ = linear_scaling_receipt(recipe_.batch_size);
}

ClassificationOptions ClassifierTricks::program_options(std::int64_t classes) {
  ClassificationOptions options;
  options.classes = classes;
  options.element = element_;
  options.normalisation = recipe_.normalisation;
  options.mixup = mixup_.has_value();
  options.nesterov = recipe_.nesterov;
  if (label_smoothing_) options.loss = label_smoothing_->loss_parameters();
  if (recipe_.zero_gamma) options.change_initializers = [this](Program& program) { zero_gamma_ = zero_gamma(program); };
  if (recipe_.no_bias_decay) options.decays = decays_without_bias;
  if (ema_) options.after_update = [this](Tracer& trace) { ema_->trace(trace); };
  return options;
}

void ClassifierTricks::shape_batch(BatchRequest& request, std::int64_t step) const {
  request.height = request.width = random_shapes_ ? random_shapes_->size_at(step) : image_size_;
  if (mixup_) mixup_->fill(request, step % steps_per_epoch_);
}

std::vector<std::int64_t> ClassifierTricks::sizes() const {
  return random_shapes_ ? random_shapes_->all_sizes() : std::vector<std::int64_t>{image_size_};
}

void ClassifierTricks::set_live_scalars(Context& context, std::int64_t step) const {
  context.set_live_scalar(kernels::LiveScalar::learning_rate, learning_rate_.at(step));
  context.set_live_scalar(kernels::LiveScalar::momentum, recipe_.momentum);
  context.set_live_scalar(kernels::LiveScalar::weight_decay, recipe_.weight_decay);
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0);
  if (ema_) context.set_live_scalar(kernels::LiveScalar::ema_decay, ema_->next_decay());
}

void ClassifierTricks::count(const Context& context, const Batch& batch, const Executable& executable) {
  learning_rate_.count(batch.step(), context.live_scalar(kernels::LiveScalar::learning_rate));
  if (mixup_) mixup_->count(batch.epoch(), batch.partners(), batch.lambdas());
  if (label_smoothing_) label_smoothing_->count(executable.program(), batch.size());
  if (random_shapes_) random_shapes_->count(batch.step(), batch.height(), batch.width());
  if (ema_) ema_->count();
  if (data_on_device_ && !batch.indices().empty()) {
    data_on_device_->counts.front().second += static_cast<double>(batch.size());
    ++data_on_device_->fired;
  }
  if (recipe_.no_bias_decay && !no_bias_decay_) no_bias_decay_ = no_bias_decay_receipt(executable.program());
}

std::vector<Receipt> ClassifierTricks::receipts() const {
  std::vector<Receipt> all = learning_rate_.receipts();
  if (linear_scaling_) all.push_back(*linear_scaling_);
  if (mixup_) all.push_back(mixup_->receipt());
  if (label_smoothing_) all.push_back(label_smoothing_->receipt());
  if (random_shapes_) all.push_back(random_shapes_->receipt());
  if (ema_) all.push_back(ema_->receipt());
  if (data_on_device_) all.push_back(*data_on_device_);
  if (recipe_.zero_gamma) all.push_back(zero_gamma_.value_or(Receipt{.trick = "zero gamma", .counts = {}}));
  if (recipe_.no_bias_decay) all.push_back(no_bias_decay_.value_or(Receipt{.trick = "no bias decay", .counts = {}}));
  return all;
}

void ClassifierTricks::restore(std::span<const Receipt> receipts) {
  learning_rate_.restore(receipts);
  if (mixup_) mixup_->restore(find_receipt(receipts, mixup_->receipt().trick));
  if (label_smoothing_) label_smoothing_->restore(find_receipt(receipts, label_smoothing_->receipt().trick));
  if (random_shapes_) random_shapes_->restore(find_receipt(receipts, random_shapes_->receipt().trick));
  if (ema_) ema_->restore(find_receipt(receipts, ema_->receipt().trick));
  if (data_on_device_) data_on_device_ = find_receipt(receipts, data_on_device_->trick);
}

std::string receipts_to_json(std::span<const Receipt> receipts) {
  nlohmann::json list = nlohmann::json::array();
  for (const Receipt& receipt : receipts) {
    nlohmann::json counts = nlohmann::json::array();
    for (const auto& [name, value] : receipt.counts)
      counts.push_back({name, value});
    list.push_back({{"trick", receipt.trick}, {"fired", receipt.fired}, {"counts", counts}});
  }
  return list.dump();
}

std::vector<Receipt> receipts_from_json(const std::string& text) {
  std::vector<Receipt> receipts;
  try {
    for (const nlohmann::json& entry : nlohmann::json::parse(text)) {
      Receipt receipt{.trick = entry.at("trick"), .counts = {}, .fired = entry.at("fired")};
      for (const nlohmann::json& count : entry.at("counts"))
        receipt.counts.emplace_back(count.at(0), count.at(1));
      receipts.push_back(std::move(receipt));
    }
  } catch (const nlohmann::json::exception& error) {
    fail("the receipts in the checkpoint are damaged: ", error.what());
  }
  return receipts;
}

}  // namespace sleight

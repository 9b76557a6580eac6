#include "tools/common/classifier_tricks.h"

#include "tricks/zero_gamma.h"

namespace sleight {

ClassifierTricks::ClassifierTricks(const ClassifierRun& run, std::int64_t steps_per_epoch)
    : recipe_(run.recipe),
      element_(run.precision.element),
      steps_per_epoch_(steps_per_epoch),
      general_(run.recipe, run.precision, run.options.seed, run.image_size, steps_per_epoch) {
  if (recipe_.mixup_alpha > 0.0) {
    mixup_.emplace(MixupOptions{.alpha = recipe_.mixup_alpha,
                                .epochs = recipe_.epochs,
                                .off_epochs = recipe_.mixup_off_epochs,
                                .lambda = recipe_.mixup_lambda},
                   run.options.seed);
  }
  if (recipe_.label_smoothing > 0.0) label_smoothing_.emplace(recipe_.label_smoothing, recipe_.smoothing);
  if (run.options.data_on_device)
    data_on_device_ = Receipt{.trick = "data on device", .counts = {{"pictures prepared there", 0.0}}};
}

ClassificationOptions ClassifierTricks::program_options(std::int64_t classes) {
  ClassificationOptions options;
  options.classes = classes;
  options.element = element_;
  options.normalisation = recipe_.normalisation;
  options.mixup = mixup_.has_value();
  if (label_smoothing_) options.loss = label_smoothing_->loss_parameters();
  options.update = general_.update_options();
  if (recipe_.zero_gamma)
    options.update.change_initializers.push_back([this](Program& program) { zero_gamma_ = zero_gamma(program); });
  return options;
}

void ClassifierTricks::shape_batch(BatchRequest& request, std::int64_t step) const {
  request.height = request.width = general_.size_at(step);
  if (mixup_) mixup_->fill(request, step % steps_per_epoch_);
}

void ClassifierTricks::count(const Context& context, const Batch& batch, const Program& program) {
  general_.count(context, program, batch.step(), batch.height(), batch.width());
  if (mixup_) mixup_->count(batch.epoch(), batch.partners(), batch.lambdas());
  if (label_smoothing_) label_smoothing_->count(program, batch.size());
  if (data_on_device_ && !batch.indices().empty()) {
    data_on_device_->counts.front().second += static_cast<double>(batch.size());
    ++data_on_device_->fired;
  }
}

std::vector<Receipt> ClassifierTricks::receipts() const {
  std::vector<Receipt> all = general_.receipts();
  if (mixup_) all.push_back(mixup_->receipt());
  if (label_smoothing_) all.push_back(label_smoothing_->receipt());
  if (data_on_device_) all.push_back(*data_on_device_);
  if (recipe_.zero_gamma) all.push_back(zero_gamma_.value_or(Receipt{.trick = "zero gamma", .counts = {}}));
  return all;
}

void ClassifierTricks::restore(std::span<const Receipt> receipts) {
  general_.restore(receipts);
  if (mixup_) mixup_->restore(find_receipt(receipts, mixup_->receipt().trick));
  if (label_smoothing_) label_smoothing_->restore(find_receipt(receipts, label_smoothing_->receipt().trick));
  if (data_on_device_) data_on_device_ = find_receipt(receipts, data_on_device_->trick);
}

}  // namespace sleight

#include "tools/common/step_feeder.h"

#include "engine/base/error.h"
#include "engine/base/timer.h"

namespace sleight {

StepFeeder::StepFeeder(Context& context, Classifier& classifier, ClassifierTricks& tricks, Loader& loader,
                       std::int64_t first_step, std::int64_t end)
    : context_(context),
      classifier_(classifier),
      tricks_(tricks),
      loader_(loader),
      next_upload_(first_step),
      next_start_(first_step),
      end_(end) {}

StepFeeder::~StepFeeder() {
  classifier_.forget_batches();
}

void StepFeeder::upload() {
  Timer timer;
  std::optional<Batch> batch = loader_.next();
  loader_seconds_ += timer.seconds();
  check(batch.has_value(), "the loader ended before step ", next_upload_);
  const auto owner = std::make_shared<Batch>(std::move(*batch));
  classifier_.upload(*owner, owner);
  waiting_.push_back(owner);
  ++next_upload_;
}

void StepFeeder::start() {
  if (waiting_.empty()) upload();
  current_ = waiting_.front();
  waiting_.pop_front();
  tricks_.set_live_scalars(context_, next_start_);
  classifier_.start();
  tricks_.count(context_, *current_,
                classifier_.plan_training(current_->size(), current_->height(), current_->width()));
  ++next_start_;
}

void StepFeeder::start_ahead() {
  if (!context_.device.is_host() && !at_work() && next_start_ < end_) start();
}

StepFeeder::Finished StepFeeder::finish_step() {
  loader_seconds_ = 0.0;
  if (!at_work()) start();
  if (!context_.device.is_host() && waiting_.empty() && next_upload_ < end_) upload();
  Finished finished{.result = {},
                    .batch_size = current_->size(),
                    .learning_rate = static_cast<double>(context_.live_scalar(kernels::LiveScalar::learning_rate)),
                    .loader_seconds = 0.0};
  finished.result = classifier_.finish();
  finished.loader_seconds = loader_seconds_;
  return finished;
}

}  // namespace sleight

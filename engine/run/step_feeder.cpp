#include "engine/run/step_feeder.h"

#include "engine/base/timer.h"

namespace sleight {

StepFeeder::StepFeeder(Context& context, Learner& learner, StepSource& source, LossScale* loss_scale,
                       std::int64_t first_step, std::int64_t end)
    : context_(context),
      learner_(learner),
      source_(source),
      loss_scale_(loss_scale),
      next_upload_(first_step),
      next_start_(first_step),
      end_(end) {}

StepFeeder::~StepFeeder() {
  learner_.forget_batches();
}

void StepFeeder::upload() {
  const Timer timer;
  BatchInputs batch = source_.next_batch();
  loader_seconds_ += timer.seconds();
  learner_.upload(std::move(batch));
  ++next_upload_;
}

void StepFeeder::start() {
  if (learner_.uploaded() == 0) upload();
  source_.before_step(next_start_);
  learner_.start();
  ++next_start_;
}

void StepFeeder::start_ahead() {
  if (!context_.device.is_host() && !at_work() && next_start_ < end_) start();
}

StepFeeder::Finished StepFeeder::finish_step() {
  loader_seconds_ = 0.0;
  if (!at_work()) start();
  if (!context_.device.is_host() && learner_.uploaded() == 0 && next_upload_ < end_) upload();
  const bool may_skip = loss_scale_ != nullptr && loss_scale_->may_skip();
  Finished finished{.step = learner_.finish(may_skip ? BadGradient::skips_step : BadGradient::stops),
                    .learning_rate = static_cast<double>(context_.live_scalar(kernels::LiveScalar::learning_rate)),
                    .loader_seconds = loader_seconds_};
  if (finished.step.skipped) {
    loss_scale_->count_skipped();
  } else {
    // Only now: a step that is skipped, or stops the run, has done nothing that could be counted.
    source_.count_oldest(finished.step.executable->program());
    if (loss_scale_ != nullptr) loss_scale_->count_good();
  }
  source_.release_oldest();
  return finished;
}

}  // namespace sleight

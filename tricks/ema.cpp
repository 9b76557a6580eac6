#include "tricks/ema.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/ops/ops.h"

namespace sleight {

void Ema::declare(OptionList& options, LearningTask task) {
  const bool detector = task == LearningTask::detector;
  options.add("ema", decay_, "Decay of the moving average of the weights; 0 turns it off")
      .unit("FACTOR")
      .not_negative()
      .below(1.0)
      .default_text(detector ? "0, with --tricks all 0.9998" : "0, with --tricks all 0.9999, for CIFAR models 0.999");
  options.add("ema-warmup", warm_up_, "Start the average with a smaller decay").default_text("on");
}

void Ema::resolve(const TrainingKind& kind) {
  const bool all = kind.tricks == TrickSet::all;
  const bool detector = kind.task == LearningTask::detector;
  if (!decay_) decay_ = !all ? 0.0 : detector ? 0.9998 : kind.small_images ? 0.999 : 0.9999;
  if (!warm_up_) warm_up_ = true;
}

std::vector<std::string> Ema::description() const {
  if (!is_on()) return {"moving average of the weights: off"};
  std::ostringstream text;
  text << "moving average of the weights: decay " << *decay_
       << (*warm_up_ ? ", at most (1 + t) / (10 + t) at update t" : ", constant") << "; the first update copies";
  return {text.str()};
}

void Ema::change_update(UpdateOptions& options) {
  options.after_update.push_back(trace_averages);
}

double Ema::decay_at(std::int64_t update) const {
  if (update == 0) return 0.0;
  if (!*warm_up_) return *decay_;
  return std::min(*decay_, static_cast<double>(1 + update) / static_cast<double>(10 + update));
}

void Ema::set_live_scalars(Context& context, std::int64_t) const {
  context.set_live_scalar(kernels::LiveScalar::ema_decay, decay_at(updates_));
}

void Ema::count(const CountedStep& counted) {
  const bool averages = std::ranges::any_of(counted.program.steps, [](const Step& step) {
    return step.operation == &operations::exponential_moving_average;
  });
  if (!averages) return;
  const float used = counted.context.live_scalar(kernels::LiveScalar::ema_decay);
  check(used == static_cast<float>(decay_at(updates_)), "update ", updates_,
        " of the moving average ran with the decay ", used, " instead of ", decay_at(updates_));
  ++updates_;
}

std::vector<Receipt> Ema::receipts() const {
  return {{name(), {{"updates", static_cast<double>(updates_)}}, updates_}};
}

void Ema::restore(std::span<const Receipt> receipts) {
  updates_ = find_receipt(receipts, name()).fired;
}

void trace_averages(Tracer& tracer) {
  check(tracer.path().empty(), "the moving average must be traced outside of all scopes, not in '", tracer.path(), "'");
  // A copy, because tracing an average adds a parameter to the list.
  const std::vector<Parameter> parameters = tracer.program().parameters;
  std::vector<ops::AveragedParameter> averaged;
  for (const Parameter& parameter : parameters) {
    if (!parameter.trainable() && parameter.role != ParameterRole::running_statistic) continue;
    const std::string name = average_prefix + tracer.program().value(parameter.value).name;
    const ValueId average =
        tracer.parameter(name, tracer.shape(parameter.value), ParameterRole::average, Initializer::zeros);
    averaged.push_back({average, parameter.value});
  }
  check(!averaged.empty(), "the moving average finds no parameters; trace the model first");
  const Phase phase = std::exchange(tracer.phase, Phase::update);
  ops::exponential_moving_average(tracer, averaged);
  tracer.phase = phase;
}

}  // namespace sleight

#include "tricks/ema.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/ops/ops.h"

namespace sleight {

Ema::Ema(double decay, bool warm_up) : decay_(decay), warm_up_(warm_up) {
  check(decay > 0.0 && decay < 1.0, "the decay of the moving average must lie between 0 and 1, got ", decay,
        "; 0.999 averages about 1,000 steps");
}

void Ema::trace(Tracer& tracer) const {
  check(tracer.path().empty(), "the moving average must be traced outside of all scopes, not in '", tracer.path(), "'");
  // A copy: tracing an average adds a parameter to the list.
  const std::vector<Parameter> parameters = tracer.program().parameters;
  std::vector<ops::AveragedParameter> averaged;
  for (const Parameter& parameter : parameters) {
    if (!parameter.trainable() && parameter.role != ParameterRole::running_statistic) continue;
    const std::string name = prefix + tracer.program().value(parameter.value).name;
    const ValueId average =
        tracer.parameter(name, tracer.shape(parameter.value), ParameterRole::average, Initializer::zeros);
    averaged.push_back({average, parameter.value});
  }
  check(!averaged.empty(), "the moving average finds no parameters; trace the model first");
  const Phase phase = std::exchange(tracer.phase, Phase::update);
  ops::exponential_moving_average(tracer, averaged);
  tracer.phase = phase;
}

double Ema::decay_at(std::int64_t update) const {
  if (update == 0) return 0.0;
  if (!warm_up_) return decay_;
  return std::min(decay_, static_cast<double>(1 + update) / static_cast<double>(10 + update));
}

Receipt Ema::receipt() const {
  return {"moving average of the weights", {{"updates", static_cast<double>(updates_)}}, updates_};
}

void Ema::restore(const Receipt& receipt) {
  updates_ = std::llround(receipt.count("updates"));
}

}  // namespace sleight

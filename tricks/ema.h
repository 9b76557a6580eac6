// EMA: a moving average of the weights, evaluated beside them; it takes out the noise of the last steps.
//
//   average = d * average + (1 - d) * weights
//
// Source: Polyak and Juditsky 1992; Szegedy et al., arXiv 1512.00567, section 8. With warm-up of the decay
// (TensorFlow's num_updates) d(t) = min(d, (1 + t) / (10 + t)), so that short runs do not drag their first steps along.
//
// The running statistics of batch norm are averaged too: averaged weights with the statistics of other weights would be
// normalised wrongly.
#pragma once

#include <cstdint>
#include <string>

#include "engine/program/trace.h"
#include "engine/train/receipt.h"

namespace sleight {

class Ema {
 public:
  // Names of averages start with it; as ExecutableOptions::parameter_prefix it evaluates them.
  static constexpr const char* prefix = "average.";

  // 0 < decay < 1, else Error.
  explicit Ema(double decay, bool warm_up = false);

  // Appends the update of all averages: of each parameter and each running statistic in the trace so far. To be called
  // after the optimizer's step, with an empty path; throws Error when there is nothing to average.
  void trace(Tracer& tracer) const;

  // d of the t-th update. The first one (t = 0) is 0: it copies the weights, whatever the average held before, so an
  // average switched on in the middle of a training starts right.
  double decay_at(std::int64_t update) const;
  // The live scalar (LiveScalar::ema_decay) for the step about to be run.
  double next_decay() const { return decay_at(updates_); }

  // After each step whose program has the trace of this trick.
  void count() { ++updates_; }
  // updates. They must be restored with the averages: next_decay() depends on them.
  Receipt receipt() const;
  void restore(const Receipt& receipt);

 private:
  double decay_;
  bool warm_up_;
  std::int64_t updates_ = 0;
};

}  // namespace sleight

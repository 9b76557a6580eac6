// EMA: evaluates a moving average of the weights in addition to the weights; it removes the noise of the last steps.
//
//   average = d * average + (1 - d) * weights
//
// Source: Polyak and Juditsky 1992; Szegedy et al., arXiv 1512.00567, section 8. With warm-up of the decay
// (TensorFlow's num_updates) d(t) = min(d, (1 + t) / (10 + t)), so that the averages of short runs do not keep the
// first steps.
//
// The running statistics of batch norm are averaged too: averaged weights need the statistics that belong to them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/train/trick.h"

namespace sleight {

class Ema : public Trick {
 public:
  std::unique_ptr<Trick> clone() const override { return std::make_unique<Ema>(*this); }
  std::string name() const override { return "moving average of the weights"; }

  // --ema, --ema-warmup
  void declare(OptionList& options, LearningTask task) override;
  void resolve(const TrainingKind& kind) override;
  bool is_on() const override { return *decay_ > 0.0; }
  bool averages_weights() const override { return true; }
  std::vector<std::string> description() const override;

  // Appends the update of all averages: of each parameter and each running statistic in the trace so far, named with
  // average_prefix. Throws Error when the program is traced if there is nothing to average.
  void change_update(UpdateOptions& options) override;

  // d of the t-th update. The first one (t = 0) is 0: it copies the weights, whatever the average held before, so an
  // average that is switched on in mid-training starts correctly.
  double decay_at(std::int64_t update) const;
  void set_live_scalars(Context& context, std::int64_t step) const override;

  // Counts 0 if the program updates no average. An update with a decay other than the next one is an Error.
  void count(const CountedStep& step) override;
  // The number of updates. Restore it with the averages: the next decay depends on it.
  std::vector<Receipt> receipts() const override;
  void restore(std::span<const Receipt> receipts) override;

 private:
  std::optional<double> decay_;
  std::optional<bool> warm_up_;

  std::int64_t updates_ = 0;
};

// Appends the update of the averages to a trace with an empty path.
void trace_averages(Tracer& tracer);

}  // namespace sleight

// EMA: a moving average of the weights, evaluated beside them; it takes out the noise of the last steps.
//
//   average = d * average + (1 - d) * weights
//
// Source: Polyak and Juditsky 1992; Szegedy et al., arXiv 1512.00567, section 8. With warm-up of the decay
// (TensorFlow's num_updates) d(t) = min(d, (1 + t) / (10 + t)), so that short runs do not drag their first steps along.
//
// The running statistics of batch norm are averaged too: averaged weights with the statistics of other weights would be
// normalized wrongly.
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
  // average_prefix. Throws Error, when the program is traced, where there is nothing to average.
  void change_update(UpdateOptions& options) override;

  // d of the t-th update. The first one (t = 0) is 0: it copies the weights, whatever the average held before, so an
  // average switched on in the middle of a training starts right.
  double decay_at(std::int64_t update) const;
  void set_live_scalars(Context& context, std::int64_t step) const override;

  // Counts nothing when the program updates no average. An update with another decay than the next one is an Error.
  void count(const CountedStep& step) override;
  // updates. They must be restored with the averages: the next decay depends on them.
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

// The learning rate of every iteration: warm-up, then cosine or step decay (warm_up.h, cosine_decay.h, step_decay.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/train/receipt.h"
#include "tricks/warm_up.h"

namespace sleight {

enum class Decay : std::uint8_t { cosine, step };

// "cosine" or "step"; throws Error for anything else.
Decay parse_decay(const std::string& text);
std::string to_string(Decay decay);

struct LearningRateOptions {
  double base_rate = 0.1;       // after linear scaling
  std::int64_t iterations = 0;  // of the whole training, even when this process runs only a part of it
  std::int64_t warm_up_iterations = 0;
  WarmUp warm_up = WarmUp::linear;
  Decay decay = Decay::cosine;
  std::vector<std::int64_t> milestones = {};  // for Decay::step: iterations, ascending
  double step_multiplier = 0.1;
};

// round(epochs * iterations_per_epoch): epochs may be fractions.
std::int64_t iterations_of(double epochs, std::int64_t iterations_per_epoch);

class LearningRate {
 public:
  // Throws Error for a base rate that is not positive, milestones out of order, and a warm-up that fills the whole
  // training, whose base rate would hardly be reached and whose decay would never start.
  explicit LearningRate(LearningRateOptions options);

  // A pure function of the iteration, counted from 0 over the whole training.
  double at(std::int64_t iteration) const;
  const LearningRateOptions& options() const { return options_; }

  // Once for each iteration trained, with the rate that was used. A rate other than at(iteration) is an Error: it
  // would be a schedule that is computed and not obeyed.
  void count(std::int64_t iteration, float rate_used);
  // One receipt for the decay ("cosine decay" or "step decay"), and "warm-up" in front when there is one.
  // warm-up: iterations. Decay: iterations after the warm-up (cosine) or at a reduced rate (step), last rate.
  std::vector<Receipt> receipts() const;
  // From a list that holds these receipts, perhaps among others.
  void restore(std::span<const Receipt> receipts);

 private:
  std::string decay_name() const;

  LearningRateOptions options_;
  std::int64_t warmed_ = 0;
  std::int64_t decayed_ = 0;
  double last_rate_ = 0.0;
};

}  // namespace sleight

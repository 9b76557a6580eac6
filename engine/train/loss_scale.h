// Dynamic loss scaling for float16, whose smallest number is 2^-24: many gradients are smaller. The loss is multiplied
// by a scale before the backward pass, and the gradients by its inverse in the update (live scalars loss_scale and
// gradient_scale; both powers of two, so nothing is rounded). When a gradient overflows, the step is skipped, on the
// device, and the scale halved; after many good steps it is doubled.
// Source: Micikevicius et al., "Mixed Precision Training", arXiv 1710.03740, section 3.2.
#pragma once

#include <cstdint>
#include <string>

namespace sleight {

class LossScale {
 public:
  static constexpr double start = 65536.0;
  static constexpr double largest = 16777216.0;
  static constexpr std::int64_t steps_until_doubled = 2000;

  double scale() const { return scale_; }
  std::int64_t skipped() const { return skipped_; }
  // Whether the next step may be skipped. Not with a scale of 1: gradients that overflow then are no matter of scale,
  // and the run must stop instead of skipping for ever.
  bool may_skip() const { return scale_ > 1.0; }

  // After each step.
  void count_good();
  void count_skipped();

  // For the checkpoint: "65536 120 3" (scale, good steps since it changed, skipped steps in all). Throws Error for a
  // text that is no such thing.
  std::string state() const;
  void restore(const std::string& state);

 private:
  double scale_ = start;
  std::int64_t good_ = 0;
  std::int64_t skipped_ = 0;
};

}  // namespace sleight

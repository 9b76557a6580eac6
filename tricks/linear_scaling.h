// Linear scaling: a batch that is k times larger averages k times more gradients, so its step may be k times longer.
//
//   rate = base rate * global batch size / 256
//
// Source: Goyal et al., arXiv 1706.02677, section 2.1. The batch is the sum over all ranks. A part of the learning rate
// (learning_rate.h) with its own receipt.
#pragma once

#include <cstdint>
#include <span>

#include "engine/train/receipt.h"

namespace sleight {

constexpr std::int64_t linear_scaling_reference_batch = 256;

// Throws Error unless both are positive.
double linearly_scaled_rate(double base_rate, std::int64_t global_batch_size);

class LinearScaling {
 public:
  explicit LinearScaling(std::int64_t global_batch_size) : batch_size_(global_batch_size) {}

  // Takes the rate of a step and the rate that it would have without scaling. Counts the step if the first is the
  // second, scaled.
  void count(double rate_used, double rate_without);
  // images in a global batch; the factor
  Receipt receipt() const;
  void restore(std::span<const Receipt> receipts);

 private:
  std::int64_t batch_size_;
  std::int64_t steps_ = 0;
};

}  // namespace sleight

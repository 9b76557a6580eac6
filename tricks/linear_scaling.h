// Linear scaling: a batch k times larger averages k times more gradients, so its step may be k times longer.
//
//   rate = base rate * global batch size / 256
//
// Source: Goyal et al., arXiv 1706.02677, section 2.1. The batch is the sum over all ranks.
#pragma once

#include <cstdint>

#include "engine/train/receipt.h"

namespace sleight {

constexpr std::int64_t linear_scaling_reference_batch = 256;

// Throws Error unless both are positive.
double linearly_scaled_rate(double base_rate, std::int64_t global_batch_size);

// global batch size, factor
Receipt linear_scaling_receipt(std::int64_t global_batch_size);

}  // namespace sleight

// What the files of batch norm share: the places of a step's values, and the rules of one file that another one's
// operations carry.
#pragma once

#include <span>

#include "engine/program/operation.h"

namespace sleight {

namespace batch_norm_statistics_output {
enum : int { mean, inverse_deviation, unbiased_variance };
}
namespace batch_norm_apply_input {
enum : int { x, mean, inverse_deviation, gamma, beta, residual };  // residual is optional
}
namespace batch_norm_reduce_input {
// second_z_gradient is optional; z too: without it the sign before the activation is recomputed from x.
enum : int { z_gradient, second_z_gradient, x, mean, inverse_deviation, gamma, beta, z };
}  // namespace batch_norm_reduce_input
namespace batch_norm_reduce_output {
enum : int { beta_gradient, gamma_gradient, masked_gradient };  // masked_gradient is optional
}
namespace batch_norm_backward_apply_input {
// shared_sums is there only where several ranks share the batch: the sums that batch_norm_finish took, for the number
// of all rows.
enum : int { gradient, x, mean, inverse_deviation, gamma, beta, beta_gradient, gamma_gradient, shared_sums };
}  // namespace batch_norm_backward_apply_input

std::span<const FusionRule> batch_norm_apply_rules();
std::span<const FusionRule> batch_norm_backward_rules();
// batch_norm_statistics over the batch of all ranks (batch_norm_synchronized.cpp).
void distribute_batch_norm(DistributionBuilder& builder);

}  // namespace sleight

// Step decay of the learning rate, the baseline: multiplies the rate by 0.1 at given milestones.
//
//   factor(i) = multiplier ^ (number of milestones <= i)
//
// Milestones are iterations counted from the start of training, warm-up included: "epoch 30" means that 30 whole epochs
// train at the first rate, and the first iteration of the 31st has the second. Source: He et al., arXiv 1512.03385,
// section 3.4.
#pragma once

#include <cstdint>
#include <span>

#include "tricks/rate_schedule.h"

namespace sleight {

double step_factor(std::int64_t iteration, std::span<const std::int64_t> milestones, double multiplier = 0.1);

// Begins at the first milestone.
DecayForm step_decay();

}  // namespace sleight

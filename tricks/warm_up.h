// Warm-up: the rate rises over the first n iterations, while the weights are still random and large steps do harm.
//
//   linear  (i + 1) / n        i = 0 .. n-1      He et al., arXiv 1812.01187, section 3.1 (batches counted from 1)
//   power4  ((i + 1) / n)^4                      darknet's burn-in
//
// The first iteration has base / n, not 0: a step with rate 0 would be computed and thrown away. The last iteration of
// the warm-up has the base rate, and so does the next one, where the decay starts at t = 0.
#pragma once

#include "tricks/rate_schedule.h"

namespace sleight {

WarmUpForm linear_warm_up();
WarmUpForm power4_warm_up();

}  // namespace sleight

// Cosine decay of the learning rate: slow at first, nearly linear in the middle, slow at the end.
//
//   factor(t) = (1 + cos(pi * t / T)) / 2        t = 0 .. T-1 iterations, both counted without the warm-up
//
// Source: Loshchilov and Hutter, arXiv 1608.03983, without restarts; He et al., arXiv 1812.01187, section 5.1.
// The first iteration has the full base rate, and factor(T) = 0 is reached after the last one. So the last iteration's
// rate is small, but no iteration is wasted on a rate of 0.
#pragma once

#include <cstdint>

#include "tricks/rate_schedule.h"

namespace sleight {

// t below 0 counts as 0 and above T as T; T <= 0 (nothing left after the warm-up) gives 1.
double cosine_factor(std::int64_t t, std::int64_t T);

// Begins after the warm-up.
DecayForm cosine_decay();

}  // namespace sleight

// Warm-up: the rate rises over the first n iterations, while the weights are still random and large steps do harm.
//
//   linear  (i + 1) / n        i = 0 .. n-1      He et al., arXiv 1812.01187, section 3.1 (batches counted from 1)
//   power4  ((i + 1) / n)^4                      darknet's burn-in
//
// The first iteration has base / n, not 0: a step with rate 0 would be computed and thrown away. The last iteration of
// the warm-up has the base rate, and so does the first one after it, where the decay starts at t = 0.
#pragma once

#include <cstdint>
#include <string>

namespace sleight {

enum class WarmUp : std::uint8_t { linear, power4 };

// "linear" or "power4"; throws Error for anything else.
WarmUp parse_warm_up(const std::string& text);
std::string to_string(WarmUp form);

// What the base rate is multiplied by at this iteration; 1 from iteration n on, so also everywhere when n is 0.
double warm_up_factor(WarmUp form, std::int64_t iteration, std::int64_t warm_up_iterations);

}  // namespace sleight

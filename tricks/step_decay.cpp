#include "tricks/step_decay.h"

namespace sleight {

double step_factor(std::int64_t iteration, std::span<const std::int64_t> milestones, double multiplier) {
  double factor = 1.0;
  for (const std::int64_t milestone : milestones) {
    if (iteration >= milestone) factor *= multiplier;
  }
  return factor;
}

}  // namespace sleight

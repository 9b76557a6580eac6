#include "tricks/cosine_decay.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sleight {

double cosine_factor(std::int64_t t, std::int64_t T) {
  if (T <= 0) return 1.0;
  const double share = static_cast<double>(std::clamp<std::int64_t>(t, 0, T)) / static_cast<double>(T);
  return (1.0 + std::cos(std::numbers::pi * share)) / 2.0;
}

DecayForm cosine_decay() {
  return {.name = "cosine",
          .factor =
              [](const RateSchedule& schedule, std::int64_t iteration) {
                return cosine_factor(iteration - schedule.warm_up_iterations,
                                     schedule.iterations - schedule.warm_up_iterations);
              },
          .begins = [](const RateSchedule& schedule) { return schedule.warm_up_iterations; },
          .description =
              [](std::span<const double>) {
                return std::string("cosine, by iteration and without the warm-up, 0 after the last iteration");
              }};
}

}  // namespace sleight

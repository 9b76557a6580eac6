#include "tricks/step_decay.h"

#include <sstream>

namespace sleight {

double step_factor(std::int64_t iteration, std::span<const std::int64_t> milestones, double multiplier) {
  double factor = 1.0;
  for (const std::int64_t milestone : milestones) {
    if (iteration >= milestone) factor *= multiplier;
  }
  return factor;
}

DecayForm step_decay() {
  return {.name = "step",
          .factor =
              [](const RateSchedule& schedule, std::int64_t iteration) {
                return step_factor(iteration, schedule.milestones, schedule.step_multiplier);
              },
          .begins = [](const RateSchedule& schedule) { return schedule.milestones.front(); },
          .description =
              [](std::span<const double> milestones) {
                std::ostringstream text;
                text << "rate times " << RateSchedule().step_multiplier << " after epochs ";
                for (std::size_t i = 0; i < milestones.size(); ++i)
                  text << (i == 0 ? "" : ", ") << milestones[i];
                return text.str();
              }};
}

}  // namespace sleight

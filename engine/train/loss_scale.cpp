#include "engine/train/loss_scale.h"

#include <cmath>
#include <sstream>

#include "engine/base/error.h"

namespace sleight {

void LossScale::count_good() {
  if (++good_ < steps_until_doubled) return;
  good_ = 0;
  if (scale_ < largest) scale_ *= 2.0;
}

void LossScale::count_skipped() {
  check(may_skip(), "a step was skipped with a loss scale of 1");
  scale_ *= 0.5;
  good_ = 0;
  ++skipped_;
}

std::string LossScale::state() const {
  std::ostringstream text;
  text << std::llround(scale_) << ' ' << good_ << ' ' << skipped_;
  return text.str();
}

void LossScale::restore(const std::string& state) {
  std::istringstream text(state);
  std::int64_t scale = 0, good = -1, skipped = -1;
  text >> scale >> good >> skipped;
  const bool power_of_two = scale >= 1 && (scale & (scale - 1)) == 0 && static_cast<double>(scale) <= largest;
  check(!text.fail() && power_of_two && good >= 0 && good < steps_until_doubled && skipped >= 0, "'", state,
        "' is not the state of a loss scale: a power of two, good steps, skipped steps");
  scale_ = static_cast<double>(scale);
  good_ = good;
  skipped_ = skipped;
}

}  // namespace sleight

// The learning rate of every iteration: a warm-up, then a decay, each in one of several forms. A form is a small file
// (warm_up.h, cosine_decay.h, step_decay.h) and a line in its kind's table here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sleight {

struct RateSchedule;

// A form of decay.
struct DecayForm {
  std::string name;
  // The factor of the base rate at an iteration, counted over the whole training.
  double (*factor)(const RateSchedule& schedule, std::int64_t iteration);
  // The first iteration that this form controls.
  std::int64_t (*begins)(const RateSchedule& schedule);
  // For the head of the log; milestones in epochs.
  std::string (*description)(std::span<const double> milestones);
};

// A form of warm-up.
struct WarmUpForm {
  std::string name;
  // The factor of the base rate; share: 1/n, 2/n, ... 1 in the n iterations of the warm-up.
  double (*factor)(double share);
  std::string description;
};

std::span<const DecayForm> decay_forms();     // cosine, step
std::span<const WarmUpForm> warm_up_forms();  // linear, power4
// Throw Error for an unknown name.
const DecayForm& decay_form(const std::string& name);
const WarmUpForm& warm_up_form(const std::string& name);

struct RateSchedule {
  double base_rate = 0.1;       // after linear scaling
  std::int64_t iterations = 0;  // of the whole training, even if this process runs only a part of it
  std::int64_t warm_up_iterations = 0;
  const WarmUpForm* warm_up = &warm_up_form("linear");
  const DecayForm* decay = &decay_form("cosine");
  std::vector<std::int64_t> milestones = {};  // of step decay: iterations, ascending
  double step_multiplier = 0.1;

  // Throws Error for a base rate that is not positive, for milestones out of order, and for a warm-up that fills the
  // whole training, because the decay would never start.
  void check() const;

  // A pure function of the iteration, counted from 0 over the whole training.
  double at(std::int64_t iteration) const;
};

// round(epochs * iterations_per_epoch): epochs may be fractions.
std::int64_t iterations_of(double epochs, std::int64_t iterations_per_epoch);

}  // namespace sleight

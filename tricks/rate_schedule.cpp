#include "tricks/rate_schedule.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/error.h"
#include "tricks/cosine_decay.h"
#include "tricks/step_decay.h"
#include "tricks/warm_up.h"

namespace sleight {

namespace {

template <class Form>
const Form& form_named(const std::string& name, std::span<const Form> forms, const char* what) {
  std::string names;
  for (const Form& form : forms) {
    if (form.name == name) return form;
    names += (names.empty() ? "'" : ", '") + form.name + "'";
  }
  fail("the form of the ", what, " is one of ", names, ", got '", name, "'");
}

}  // namespace

std::span<const DecayForm> decay_forms() {
  static const std::array forms = {cosine_decay(), step_decay()};
  return forms;
}

std::span<const WarmUpForm> warm_up_forms() {
  static const std::array forms = {linear_warm_up(), power4_warm_up()};
  return forms;
}

const DecayForm& decay_form(const std::string& name) {
  return form_named(name, decay_forms(), "decay");
}

const WarmUpForm& warm_up_form(const std::string& name) {
  return form_named(name, warm_up_forms(), "warm-up");
}

void RateSchedule::check() const {
  using sleight::check;
  check(base_rate > 0.0 && std::isfinite(base_rate), "the learning rate must be positive, got ", base_rate);
  check(iterations > 0, "a schedule needs at least one iteration, got ", iterations);
  check(warm_up_iterations >= 0 && warm_up_iterations < iterations, "a warm-up of ", warm_up_iterations,
        " iterations does not fit into a training of ", iterations, "; shorten the warm-up or train for longer");
  check(std::ranges::is_sorted(milestones), "the milestones of the step schedule must be in ascending order");
  check(decay->name != "step" || !milestones.empty(),
        "the step schedule needs at least one epoch at which the rate is reduced");
  check(step_multiplier > 0.0 && step_multiplier < 1.0,
        "the step schedule multiplies the rate by a number between 0 and 1, got ", step_multiplier);
}

double RateSchedule::at(std::int64_t iteration) const {
  const double share = iteration < warm_up_iterations
                           ? static_cast<double>(iteration + 1) / static_cast<double>(warm_up_iterations)
                           : 1.0;
  return base_rate * warm_up->factor(share) * decay->factor(*this, iteration);
}

std::int64_t iterations_of(double epochs, std::int64_t iterations_per_epoch) {
  // An int64 holds no 1e300: the rate would fall in the first step.
  return std::llround(std::min(epochs * static_cast<double>(iterations_per_epoch), 0x1p62));
}

}  // namespace sleight

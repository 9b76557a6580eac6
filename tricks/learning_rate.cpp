#include "tricks/learning_rate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engine/base/choice.h"
#include "engine/base/error.h"
#include "tricks/cosine_decay.h"
#include "tricks/step_decay.h"

namespace sleight {

namespace {

constexpr std::array<Named<Decay>, 2> decays = {{{Decay::cosine, "cosine"}, {Decay::step, "step"}}};

}  // namespace

Decay parse_decay(const std::string& text) {
  return parse_choice(decays, "the schedule", text);
}

std::string to_string(Decay decay) {
  return name_in(decays, decay);
}

std::int64_t iterations_of(double epochs, std::int64_t iterations_per_epoch) {
  return std::llround(epochs * static_cast<double>(iterations_per_epoch));
}

LearningRate::LearningRate(LearningRateOptions options) : options_(std::move(options)) {
  check(options_.base_rate > 0.0 && std::isfinite(options_.base_rate), "the learning rate must be positive, got ",
        options_.base_rate);
  check(options_.iterations > 0, "a schedule needs at least one iteration, got ", options_.iterations);
  check(options_.warm_up_iterations >= 0 && options_.warm_up_iterations < options_.iterations, "a warm-up of ",
        options_.warm_up_iterations, " iterations does not fit into a training of ", options_.iterations,
        "; shorten the warm-up or train for longer");
  check(std::is_sorted(options_.milestones.begin(), options_.milestones.end()),
        "the milestones of the step schedule must be in ascending order");
  check(options_.decay == Decay::cosine || !options_.milestones.empty(),
        "the step schedule needs at least one epoch at which the rate is reduced");
  check(options_.step_multiplier > 0.0 && options_.step_multiplier < 1.0,
        "the step schedule multiplies the rate by a number between 0 and 1, got ", options_.step_multiplier);
}

double LearningRate::at(std::int64_t iteration) const {
  const std::int64_t warm_up = options_.warm_up_iterations;
  const double rate = options_.base_rate * warm_up_factor(options_.warm_up, iteration, warm_up);
  if (options_.decay == Decay::step)
    return rate * step_factor(iteration, options_.milestones, options_.step_multiplier);
  return rate * cosine_factor(iteration - warm_up, options_.iterations - warm_up);
}

void LearningRate::count(std::int64_t iteration, float rate_used) {
  check(rate_used == static_cast<float>(at(iteration)), "iteration ", iteration, " ran with the learning rate ",
        rate_used, " but the schedule says ", at(iteration));
  last_rate_ = static_cast<double>(rate_used);
  if (iteration < options_.warm_up_iterations) ++warmed_;
  if (options_.decay == Decay::cosine) {
    if (iteration >= options_.warm_up_iterations) ++decayed_;
  } else if (iteration >= options_.milestones.front()) {
    ++decayed_;
  }
}

std::string LearningRate::decay_name() const {
  return to_string(options_.decay) + " decay";
}

std::vector<Receipt> LearningRate::receipts() const {
  std::vector<Receipt> list;
  if (options_.warm_up_iterations > 0)
    list.push_back({"warm-up", {{"iterations", static_cast<double>(warmed_)}}, warmed_});
  list.push_back({decay_name(), {{"iterations", static_cast<double>(decayed_)}, {"last rate", last_rate_}}, decayed_});
  return list;
}

void LearningRate::restore(std::span<const Receipt> receipts) {
  if (options_.warm_up_iterations > 0) warmed_ = std::llround(find_receipt(receipts, "warm-up").count("iterations"));
  const Receipt& decay = find_receipt(receipts, decay_name());
  decayed_ = std::llround(decay.count("iterations"));
  last_rate_ = decay.count("last rate");
}

}  // namespace sleight

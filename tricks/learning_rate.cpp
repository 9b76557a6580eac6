#include "tricks/learning_rate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "engine/base/choice.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace sleight {

namespace {

template <class Form>
std::vector<std::string> names_of(std::span<const Form> forms) {
  std::vector<std::string> names;
  for (const Form& form : forms)
    names.push_back(form.name);
  return names;
}

// Gives whether the value was set, to something else.
template <class T>
bool set_default(std::optional<T>& value, T otherwise) {
  if (!value) value = otherwise;
  return *value != otherwise;
}

}  // namespace

void LearningRate::declare(OptionList& options, LearningTask task) {
  const bool detector = task == LearningTask::detector;
  options.add("learning-rate", rate_, "Base rate; for 256 images per step with --linear-scaling")
      .unit("RATE")
      .positive()
      .default_text(detector ? "0.001, under 30 epochs 0.002; with --tricks none 0.001"
                             : "0.1, for CIFAR models 0.2, under 30 epochs 0.4; with --tricks none 0.1");
  options.add("linear-scaling", linear_scaling_, "Multiply the rate by batch size / 256")
      .default_text(detector ? "off" : "on, with --tricks none off");
  options.add("schedule", decay_, "How the rate falls after the warm-up")
      .one_of(names_of(decay_forms()))
      .default_text("cosine, with --tricks none step");
  options.add("milestones", milestones_, "After which epochs --schedule step multiplies the rate by 0.1")
      .unit("EPOCH,...")
      .separated_by(',')
      .not_negative()
      .default_text(detector ? "4/5 and 9/10 of the training"
                             : "1/4, 1/2 and 3/4 of the training, for CIFAR models 1/2 and 3/4");
  options.add("warmup-epochs", warm_up_epochs_, "Time over which the rate rises to the base rate; fractions allowed")
      .unit("EPOCHS")
      .not_negative()
      .default_text(
          detector
              ? "4, at most a twentieth of the training, but at least 500 steps or a fifth of it; with --tricks none 2"
              : "5, a tenth of a training of under 50; with --tricks none 0");
  options.add("warmup-form", warm_up_form_, "How the rate rises: power4 is darknet's")
      .one_of(names_of(warm_up_forms()))
      .default_text("linear");
}

void LearningRate::resolve(const TrainingKind& kind) {
  const auto epochs = static_cast<double>(kind.epochs);
  const bool bare = kind.tricks == TrickSet::none;
  if (kind.task == LearningTask::detector) {
    set_default(rate_, kind.is_short() && !bare ? 0.002 : 0.001);
    set_default(linear_scaling_, false);
    decay_was_asked_for_ = set_default(milestones_, {0.8 * epochs, 0.9 * epochs});
    warm_up_was_asked_for_ = set_default(warm_up_epochs_, std::min(bare ? 2.0 : 4.0, 0.05 * epochs));
    warms_up_by_steps_ = !bare && !warm_up_was_asked_for_;
  } else {
    // The small models' rate at their own batch of 128, scaled to 256 images; twice that in a short training, which has
    // few steps to get anywhere.
    set_default(rate_, !kind.small_images || bare ? 0.1 : kind.is_short() ? 0.4 : 0.2);
    set_default(linear_scaling_, !bare);
    if (kind.small_images) {
      decay_was_asked_for_ =
          set_default(milestones_, {0.5 * epochs, 0.75 * epochs});  // He et al., arXiv 1512.03385, section 4.2
    } else {
      decay_was_asked_for_ =
          set_default(milestones_, {0.25 * epochs, 0.5 * epochs, 0.75 * epochs});  // 30, 60, 90 of 120
    }
    warm_up_was_asked_for_ = set_default(warm_up_epochs_, bare ? 0.0 : std::min(5.0, 0.1 * epochs));
  }
  if (set_default<std::string>(decay_, bare ? "step" : "cosine")) decay_was_asked_for_ = true;
  set_default<std::string>(warm_up_form_, "linear");
}

std::vector<std::string> LearningRate::description() const {
  const auto line = [](const auto&... parts) {
    std::ostringstream text;
    (text << ... << parts);
    return text.str();
  };
  return {scaling_ ? line("learning rate ", schedule_.base_rate, " = ", *rate_, " * ", plan_.batch_size, " / ",
                          linear_scaling_reference_batch, " (linear scaling)")
                   : line("learning rate ", schedule_.base_rate, " (no linear scaling)"),
          line("schedule: ", schedule_.decay->description(*milestones_),
               decay_excuse_.empty() ? "" : "; not in this run: " + decay_excuse_),
          *warm_up_epochs_ > 0.0 && schedule_.warm_up_iterations == 0
              ? line("warm-up: none, ", *warm_up_epochs_, " epochs are less than half a step here")
          : schedule_.warm_up_iterations > iterations_of(*warm_up_epochs_, plan_.steps_per_epoch)
              ? line("warm-up: ", count_of(schedule_.warm_up_iterations, "step"), ", ", schedule_.warm_up->description)
          : *warm_up_epochs_ > 0.0
              ? line("warm-up: ", *warm_up_epochs_, *warm_up_epochs_ == 1.0 ? " epoch, " : " epochs, ",
                     schedule_.warm_up->description)
              : "warm-up: off"};
}

// A detector's first steps teach it that nearly every place is empty. That takes steps, not epochs, which have few of
// them on small data; darknet's burn-in is 1,000 steps.
std::int64_t LearningRate::least_warm_up_of(const TrainingPlan& plan) const {
  constexpr std::int64_t steps = 500;
  return warms_up_by_steps_ && *warm_up_epochs_ > 0.0 ? std::min(steps, plan.steps() / 5) : 0;
}

void LearningRate::begin(const TrainingPlan& plan) {
  plan_ = plan;
  if (*linear_scaling_) scaling_.emplace(plan.batch_size);
  const std::int64_t warm_up_by_epochs = iterations_of(*warm_up_epochs_, plan.steps_per_epoch);
  schedule_ = {.base_rate = scaling_ ? linearly_scaled_rate(*rate_, plan.batch_size) : *rate_,
               .iterations = plan.steps(),
               .warm_up_iterations = std::max(warm_up_by_epochs, least_warm_up_of(plan)),
               .warm_up = &warm_up_form(*warm_up_form_),
               .decay = &decay_form(*decay_)};
  for (const double epoch : *milestones_)
    schedule_.milestones.push_back(iterations_of(epoch, plan.steps_per_epoch));
  schedule_.check();
  check(*warm_up_epochs_ == 0.0 || schedule_.warm_up_iterations > 0 || !warm_up_was_asked_for_, "--warmup-epochs ",
        *warm_up_epochs_, " is less than half a step of an epoch of ", count_of(plan.steps_per_epoch, "step"),
        ", so there would be no warm-up; give more, or 0");
  const std::int64_t begins = schedule_.decay->begins(schedule_);
  decay_excuse_ = begins < plan.steps()
                      ? ""
                      : printed("it begins after step ", begins, ", and step ", plan.steps(), " is the last");
  check(decay_excuse_.empty() || !decay_was_asked_for_, "--schedule ", *decay_,
        " would never lower the learning rate: ", decay_excuse_,
        "; give earlier --milestones, more --epochs, or another --schedule");
}

void LearningRate::set_live_scalars(Context& context, std::int64_t step) const {
  context.set_live_scalar(kernels::LiveScalar::learning_rate, schedule_.at(step));
}

void LearningRate::count(const CountedStep& step) {
  const std::int64_t iteration = step.place.step;
  const float used = step.context.live_scalar(kernels::LiveScalar::learning_rate);
  const double wanted = schedule_.at(iteration);
  check(used == static_cast<float>(wanted), "iteration ", iteration + 1, " ran with the learning rate ", used,
        " but the schedule says ", wanted);
  last_rate_ = static_cast<double>(used);
  has_counted_ = true;
  if (iteration < schedule_.warm_up_iterations) ++warmed_;
  if (iteration >= schedule_.decay->begins(schedule_)) ++decayed_;
  if (scaling_) scaling_->count(last_rate_, *rate_ * (wanted / schedule_.base_rate));
}

std::vector<Receipt> LearningRate::receipts() const {
  std::vector<Receipt> list;
  // A step whose rate is not the schedule's is an error, so no other way is left to miss the warm-up.
  const bool was_skipped = has_counted_ && warmed_ == 0;
  if (schedule_.warm_up_iterations > 0)
    list.push_back({"warm-up",
                    {{"iterations", static_cast<double>(warmed_)}},
                    warmed_,
                    was_skipped ? "gradients overflowed in all of them" : ""});
  list.push_back({decay_receipt(),
                  {{"iterations", static_cast<double>(decayed_)}, {"last rate", last_rate_}},
                  decayed_,
                  decay_excuse_});
  if (scaling_) list.push_back(scaling_->receipt());
  return list;
}

void LearningRate::restore(std::span<const Receipt> receipts) {
  if (schedule_.warm_up_iterations > 0) {
    const Receipt& warm_up = find_receipt(receipts, "warm-up");
    warmed_ = warm_up.fired;
    has_counted_ = warmed_ > 0 || !warm_up.excuse.empty();
  }
  const Receipt& decay = find_receipt(receipts, decay_receipt());
  decayed_ = decay.fired;
  last_rate_ = decay.count("last rate");
  if (scaling_) scaling_->restore(receipts);
}

}  // namespace sleight

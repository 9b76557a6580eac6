// The learning rate: its base value, its rise and fall (rate_schedule.h), and whether it scales with the batch size
// (linear_scaling.h). Always on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/train/trick.h"
#include "tricks/linear_scaling.h"
#include "tricks/rate_schedule.h"

namespace sleight {

class LearningRate : public Trick {
 public:
  std::unique_ptr<Trick> clone() const override { return std::make_unique<LearningRate>(*this); }
  std::string name() const override { return "learning rate"; }

  // --learning-rate, --linear-scaling, --schedule, --milestones, --warmup-epochs, --warmup-form
  void declare(OptionList& options, LearningTask task) override;
  void resolve(const TrainingKind& kind) override;
  bool is_on() const override { return true; }
  std::vector<std::string> description() const override;

  // Throws Error as RateSchedule::check() does, and for a decay or a warm-up that was asked for and that the training
  // is too short for. Where they are the defaults, the run goes on without, and description() says so.
  void begin(const TrainingPlan& plan) override;
  const RateSchedule& schedule() const { return schedule_; }

  void set_live_scalars(Context& context, std::int64_t step) const override;
  // A step with a rate other than the schedule's is an Error: the schedule would be computed but not used.
  void count(const CountedStep& step) override;
  // One receipt for the decay ("cosine decay" or "step decay"), after "warm-up" and before "linear scaling" if these
  // are on. warm-up: iterations. Decay: iterations after the warm-up (cosine) or at a reduced rate (step), last rate.
  std::vector<Receipt> receipts() const override;
  void restore(std::span<const Receipt> receipts) override;

 private:
  std::int64_t least_warm_up_of(const TrainingPlan& plan) const;

  std::string decay_receipt() const { return schedule_.decay->name + " decay"; }

  std::optional<double> rate_, warm_up_epochs_;
  std::optional<bool> linear_scaling_;
  std::optional<std::string> decay_, warm_up_form_;
  std::optional<std::vector<double>> milestones_;

  // Whether the user asked for something else than the default.
  bool decay_was_asked_for_ = false, warm_up_was_asked_for_ = false;
  bool warms_up_by_steps_ = false;  // a detector, whose epochs are few steps

  TrainingPlan plan_;
  RateSchedule schedule_;
  std::string decay_excuse_;
  std::optional<LinearScaling> scaling_;
  std::int64_t warmed_ = 0, decayed_ = 0;
  bool has_counted_ = false;
  double last_rate_ = 0.0;
};

}  // namespace sleight

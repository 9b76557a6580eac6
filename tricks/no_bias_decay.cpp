#include "tricks/no_bias_decay.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/ops/ops.h"
#include "engine/ops/optimizer.h"

namespace sleight {

void NoBiasDecay::declare(OptionList& options, LearningTask) {
  options.add("no-bias-decay", on_, "Weight decay on convolution and linear weights only")
      .off_name("bias-decay")
      .default_text("on, with --tricks none off");
}

void NoBiasDecay::resolve(const TrainingKind& kind) {
  const bool by_default = kind.tricks != TrickSet::none;
  if (!on_) on_ = by_default;
  was_asked_for_ = *on_ != by_default;
}

std::vector<std::string> NoBiasDecay::description() const {
  return {is_on() ? "weight decay: on convolution and linear weights only" : "weight decay: on all parameters"};
}

void NoBiasDecay::change_update(UpdateOptions& options) {
  options.decays.push_back([](const Parameter& parameter) { return parameter.role == ParameterRole::weight; });
}

void NoBiasDecay::count(const CountedStep& counted) {
  if (receipt_) return;
  std::int64_t spared = 0;
  std::int64_t elements = 0;
  std::int64_t decayed = 0;
  const bool has_others = std::ranges::any_of(counted.program.parameters, [](const Parameter& parameter) {
    return parameter.trainable() && parameter.role != ParameterRole::weight;
  });
  for (const Step& step : counted.program.steps) {
    if (step.operation != &operations::sgd) continue;
    const std::vector<double>& decay = step.attributes.numbers("decay");
    check(step.inputs.size() == sgd_place(decay.size(), 0), "an SGD step of ", decay.size(), " tensors has ",
          step.inputs.size(), " inputs");
    for (std::size_t i = 0; i < decay.size(); ++i) {
      if (decay[i] != 0.0) {
        ++decayed;
      } else {
        ++spared;
        elements += counted.program.value(step.inputs[sgd_place(i, sgd_input::parameter)]).type.count();
      }
    }
  }
  receipt_ = {name(),
              {{"tensors without decay", static_cast<double>(spared)},
               {"elements without decay", static_cast<double>(elements)},
               {"tensors with decay", static_cast<double>(decayed)}},
              spared,
              has_others || was_asked_for_ ? "" : "the model has weights only"};
}

std::vector<Receipt> NoBiasDecay::receipts() const {
  return {receipt_.value_or(Receipt{.trick = name(), .counts = {}})};
}

// Empty where the run stopped before a step changed the weights: then the next one is read.
void NoBiasDecay::restore(std::span<const Receipt> receipts) {
  const Receipt& receipt = find_receipt(receipts, name());
  if (!receipt.counts.empty()) receipt_ = receipt;
}

}  // namespace sleight

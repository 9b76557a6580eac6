#include "tricks/zero_gamma.h"

#include "engine/base/error.h"

namespace sleight {

void ZeroGamma::declare(OptionList& options, LearningTask) {
  options.add("zero-gamma", on_, "Start the last scale of each residual branch at 0")
      .default_text("on from 30 epochs on and with --tricks all, with --tricks none off");
}

void ZeroGamma::resolve(const TrainingKind& kind) {
  const bool by_default = kind.tricks == TrickSet::all || (kind.tricks == TrickSet::standard && !kind.is_short());
  if (!on_) on_ = by_default && kind.has_residual_branches;
}

std::vector<std::string> ZeroGamma::description() const {
  return {is_on() ? "zero gamma: the last scale of each residual branch starts at 0" : "zero gamma: off"};
}

void ZeroGamma::change_update(UpdateOptions& options) {
  options.change_initializers.push_back([this](Program& program) { zero(program); });
}

void ZeroGamma::zero(Program& program) {
  std::int64_t gammas = 0;
  std::int64_t elements = 0;
  for (Parameter& parameter : program.parameters) {
    if (!parameter.ends_residual_branch) continue;
    check(parameter.role == ParameterRole::norm_scale, "'", program.value(parameter.value).name,
          "' is marked as the last scale of a residual branch but is not a batch-norm scale");
    parameter.initializer = Initializer::zeros;
    ++gammas;
    elements += program.value(parameter.value).type.count();
  }
  check(gammas > 0, "zero gamma is on, but the model marks no batch norm as the last of a residual branch; ",
        "switch it off for a model without residual branches that end in a batch norm");
  receipt_ = {
      name(), {{"gammas zeroed", static_cast<double>(gammas)}, {"elements", static_cast<double>(elements)}}, gammas};
}

std::vector<Receipt> ZeroGamma::receipts() const {
  return {receipt_.value_or(Receipt{.trick = name(), .counts = {}})};
}

}  // namespace sleight

#include "tricks/no_bias_decay.h"

#include "engine/base/error.h"
#include "engine/ops/ops.h"
#include "engine/ops/optimizer.h"

namespace sleight {

bool decays_without_bias(const Parameter& parameter) {
  return parameter.role == ParameterRole::weight;
}

Receipt no_bias_decay_receipt(const Program& program) {
  std::int64_t spared = 0;
  std::int64_t elements = 0;
  std::int64_t decayed = 0;
  for (const Step& step : program.steps) {
    if (step.operation != &operations::sgd) continue;
    const std::vector<double>& decay = step.attributes.numbers("decay");
    check(step.inputs.size() == sgd_place(decay.size(), 0), "an SGD step of ", decay.size(), " tensors has ",
          step.inputs.size(), " inputs");
    for (std::size_t i = 0; i < decay.size(); ++i) {
      if (decay[i] != 0.0) {
        ++decayed;
      } else {
        ++spared;
        elements += program.value(step.inputs[sgd_place(i, sgd_input::parameter)]).type.count();
      }
    }
  }
  return {"no bias decay",
          {{"tensors without decay", static_cast<double>(spared)},
           {"elements without decay", static_cast<double>(elements)},
           {"tensors with decay", static_cast<double>(decayed)}},
          spared};
}

}  // namespace sleight

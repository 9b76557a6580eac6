#include "engine/train/update_steps.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/ops/ops.h"
#include "engine/program/differentiate.h"
#include "engine/program/persistent_store.h"

namespace sleight {

void trace_update(Tracer& trace, ValueId loss, DataType element, const UpdateOptions& options) {
  Program& program = trace.program();
  trace.result(loss, training_names::loss);
  for (const auto& change : options.change_initializers)
    change(program);
  const std::vector<Parameter> parameters = program.parameters;

  trace.phase = Phase::backward;
  std::vector<ValueId> trained;
  for (const Parameter& parameter : parameters) {
    if (parameter.trainable()) trained.push_back(parameter.value);
  }
  const ValueId seed = element == DataType::float16 ? ops::live_scalar(trace, kernels::LiveScalar::loss_scale)
                                                    : ops::constant(trace, 1.0, 1, program.value(loss).type.element);
  const auto gradients = differentiate(program, loss, seed, trained, operations::add);

  std::vector<ops::SgdParameter> updated;
  for (const Parameter& parameter : parameters) {
    if (!parameter.trainable()) continue;
    const Value value = program.value(parameter.value);
    check(gradients.at(parameter.value) != no_value, "the loss does not depend on '", value.name,
          "'; a model must use every parameter it declares");
    updated.push_back(
        {.parameter = parameter.value,
         .gradient = gradients.at(parameter.value),
         .momentum = trace.parameter(momentum_prefix + value.name, value.type.shape, ParameterRole::optimizer_state,
                                     Initializer::zeros),
         .decay = std::ranges::all_of(options.decays, [&](const auto& decides) { return decides(parameter); })});
  }
  // All gradients live until the update reads them, so searching them costs one more look and no memory.
  std::vector<ValueId> searched = {loss};
  for (const ops::SgdParameter& entry : updated)
    searched.push_back(entry.gradient);
  trace.first_non_finite = ops::first_non_finite(trace, std::move(searched));
  trace.result(trace.first_non_finite, training_names::first_non_finite);

  trace.phase = Phase::update;
  ops::running_statistics(trace);
  ops::sgd(trace, updated, options.nesterov);
  for (const auto& append : options.after_update)
    append(trace);
}

}  // namespace sleight

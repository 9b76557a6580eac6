#include "engine/program/operation.h"

#include "engine/program/program.h"

namespace sleight {

StepTypes types_of(const Program& program, const Step& step) {
  StepTypes types{step.attributes, {}, {}};
  const auto type = [&](ValueId id) { return id == no_value ? nullptr : &program.value(id).type; };
  for (const ValueId input : step.inputs)
    types.inputs.push_back(type(input));
  for (const ValueId output : step.outputs)
    types.outputs.push_back(type(output));
  return types;
}

Cost cost_of(const StepTypes& step, const Operation& operation) {
  if (operation.cost != nullptr) return operation.cost(step);
  Cost cost;
  for (const ValueType* type : step.inputs)
    cost.bytes += type == nullptr ? 0.0 : static_cast<double>(type->bytes());
  for (const ValueType* type : step.outputs)
    cost.bytes += type == nullptr ? 0.0 : static_cast<double>(type->bytes());
  return cost;
}

}  // namespace sleight

#include "engine/program/differentiate.h"

#include "engine/base/error.h"
#include "engine/program/operation.h"

namespace sleight {

GradientBuilder::GradientBuilder(Program& program, const Step& step, const Operation& sum,
                                 std::vector<ValueId>& gradients, const std::vector<bool>& needed)
    : program_(program), step_(step), sum_(sum), gradients_(gradients), needed_(needed) {}

const Step& GradientBuilder::producer(ValueId value) const {
  for (const Step& step : program_.steps) {
    for (const ValueId output : step.outputs) {
      if (output == value) return step;
    }
  }
  fail("'", program_.value(value).name, "' is written by no step of the program");
}

ValueId GradientBuilder::output_gradient(std::size_t index) const {
  const ValueId output = step_.outputs[index];
  return output == no_value ? no_value : gradients_[output];
}

bool GradientBuilder::needs_gradient(std::size_t index) const {
  const ValueId input = step_.inputs[index];
  return input != no_value && needed_[input];
}

std::vector<ValueId> GradientBuilder::emit(const Operation& operation, std::vector<ValueId> inputs,
                                           Attributes attributes) {
  std::vector<ValueId> outputs =
      append_step(program_, operation, std::move(inputs), std::move(attributes), step_.name, Phase::backward);
  gradients_.resize(program_.values.size(), no_value);
  return outputs;
}

void GradientBuilder::input_gradient(std::size_t index, ValueId gradient) {
  const ValueId input = step_.inputs[index];
  const ValueType& expected = program_.value(input).type;
  const ValueType& given = program_.value(gradient).type;
  check(expected.shape == given.shape && expected.element == given.element, "the gradient rule of ",
        step_.operation->name, " made a gradient ", to_string(given), " for its input ", index, ", which is ",
        to_string(expected));
  ValueId& slot = gradients_[input];
  if (slot == no_value) {
    slot = gradient;
    return;
  }
  const ValueId total = emit(sum_, {slot, gradient}).front();
  gradients_[input] = total;
}

std::map<ValueId, ValueId> differentiate(Program& program, ValueId loss, ValueId seed,
                                         const std::vector<ValueId>& wanted, const Operation& sum) {
  check(program.value(loss).type.count() == 1, "only a scalar can be differentiated; '", program.value(loss).name,
        "' is ", to_string(program.value(loss).type));
  const std::size_t forward_steps = program.steps.size();

  // Which values depend on something wanted: the rest needs no gradient, and its work is left out.
  std::vector<bool> needed(program.values.size());
  for (const ValueId id : wanted)
    needed[id] = true;
  for (const Step& step : program.steps) {
    bool depends = false;
    for (const ValueId input : step.inputs)
      depends |= input != no_value && needed[input];
    if (!depends) continue;
    for (const ValueId output : step.outputs) {
      if (output != no_value) needed[output] = true;
    }
  }

  std::vector<ValueId> gradients(program.values.size(), no_value);
  gradients[loss] = seed;
  for (std::size_t i = forward_steps; i-- > 0;) {
    const Step step = program.steps[i];
    bool reached = false;
    bool depends = false;
    for (const ValueId output : step.outputs) {
      if (output == no_value) continue;
      reached |= gradients[output] != no_value;
      depends |= needed[output];
    }
    if (!reached || !depends) continue;
    check(step.operation->gradient != nullptr, "the operation ", step.operation->name, " ('", step.name,
          "') has no gradient rule, but a trained value depends on it");
    GradientBuilder builder(program, step, sum, gradients, needed);
    step.operation->gradient(builder);
  }

  std::map<ValueId, ValueId> found;
  for (const ValueId id : wanted)
    found[id] = gradients[id];
  return found;
}

}  // namespace sleight

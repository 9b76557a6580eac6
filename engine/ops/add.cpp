#include "kernels/add.h"

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& a = input_type(step, 0);
  check(a.shape == input_type(step, 1).shape && a.element == input_type(step, 1).element,
        "both terms must have one shape and type, got ", to_string(a), " and ", to_string(input_type(step, 1)));
  return {{a.shape, a.element}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& a = input_type(step, 0);
  check(a.layout == input_type(step, 1).layout, "the two terms lie in different layouts");
  return kernel_step(
      target.device, kernels::Add{.type = a.element, .size = a.count()},
      [](kernels::Add& call, const StepBuffers& buffers) {
        call.a = buffers.inputs[0];
        call.b = buffers.inputs[1];
        call.sum = buffers.outputs[0];
      },
      [](auto on, const kernels::Add& call) { kernels::add(on, call); });
}

void gradient(GradientBuilder& builder) {
  for (const std::size_t i : {0U, 1U}) {
    if (builder.needs_gradient(i)) builder.input_gradient(i, builder.output_gradient(0));
  }
}

std::vector<std::pair<int, int>> in_place(const Step&) {
  return {{0, 0}, {0, 1}};
}

}  // namespace

const Operation operations::add{
    .name = "add", .infer = infer, .prepare = prepare, .gradient = gradient, .in_place = in_place, .any_layout = true};

ValueId ops::add(Tracer& trace, ValueId a, ValueId b) {
  return trace.emit_one(operations::add, {a, b});
}

}  // namespace sleight

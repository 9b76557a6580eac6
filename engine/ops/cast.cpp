#include "kernels/cast.h"

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

std::vector<ValueType> infer(const StepTypes& step) {
  return {{input_type(step, 0).shape, static_cast<DataType>(step.attributes.integer("element"))}};
}

PreparedStep prepare(const StepTypes& step, const Device& device) {
  const ValueType& from = input_type(step, 0);
  return kernel_step(
      device, kernels::Cast{.from_type = from.element, .to_type = output_type(step, 0).element, .count = from.count()},
      [](kernels::Cast& call, const StepBuffers& buffers) {
        call.from = buffers.inputs[0];
        call.to = buffers.outputs[0];
      },
      [](auto on, const kernels::Cast& call) { kernels::cast(on, call); });
}

void gradient(GradientBuilder& builder) {
  const auto element = static_cast<double>(builder.type(builder.input(0)).element);
  builder.input_gradient(
      0, builder.emit(operations::cast, {builder.output_gradient(0)}, {{"element", {element}}}).front());
}

}  // namespace

const Operation operations::cast{.name = "cast", .infer = infer, .prepare = prepare, .gradient = gradient};

ValueId ops::cast(Tracer& trace, ValueId x, DataType element) {
  return trace.emit_one(operations::cast, {x}, {{"element", {static_cast<double>(element)}}});
}

}  // namespace sleight

#include "kernels/activation.h"

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  return {{x.shape, x.element}};
}

template <class Arguments>
Arguments arguments_of(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  return {.type = x.element,
          .size = x.count(),
          .function = static_cast<kernels::ActivationFunction>(step.attributes.integer("activation")),
          .slope = static_cast<float>(step.attributes.number("slope"))};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  return kernel_step(
      target.device, arguments_of<kernels::ActivationForward>(step),
      [](kernels::ActivationForward& call, const StepBuffers& buffers) {
        call.x = buffers.inputs[0];
        call.y = buffers.outputs[0];
      },
      [](auto on, const kernels::ActivationForward& call) { kernels::activation_forward(on, call); });
}

// Inputs: the gradient of y, and y.
PreparedStep prepare_backward(const StepTypes& step, const PrepareTarget& target) {
  return kernel_step(
      target.device, arguments_of<kernels::ActivationBackward>(step),
      [](kernels::ActivationBackward& call, const StepBuffers& buffers) {
        call.y_gradient = buffers.inputs[0];
        call.y = buffers.inputs[1];
        call.x_gradient = buffers.outputs[0];
      },
      [](auto on, const kernels::ActivationBackward& call) { kernels::activation_backward(on, call); });
}

void gradient(GradientBuilder& builder) {
  builder.input_gradient(0, builder
                                .emit(operations::activation_backward, {builder.output_gradient(0), builder.output(0)},
                                      builder.attributes())
                                .front());
}

std::vector<std::pair<int, int>> in_place(const Step&) {
  return {{0, 0}};
}
std::vector<std::pair<int, int>> in_place_backward(const Step&) {
  return {{0, 0}, {0, 1}};
}

}  // namespace

const Operation operations::activation{.name = "activation",
                                       .infer = infer,
                                       .prepare = prepare,
                                       .gradient = gradient,
                                       .in_place = in_place,
                                       .any_layout = true};
const Operation operations::activation_backward{.name = "activation_backward",
                                                .infer = infer,
                                                .prepare = prepare_backward,
                                                .in_place = in_place_backward,
                                                .any_layout = true};

ValueId ops::relu(Tracer& trace, ValueId x) {
  return trace.emit_one(operations::activation, {x},
                        {{"activation", kernels::ActivationFunction::relu}, {"slope", 0.0}});
}

ValueId ops::leaky_relu(Tracer& trace, ValueId x, double slope) {
  check(slope >= 0.0, "the slope of a leaky ReLU must not be negative, got ", slope);
  return trace.emit_one(operations::activation, {x},
                        {{"activation", kernels::ActivationFunction::leaky_relu}, {"slope", slope}});
}

}  // namespace sleight

#include "kernels/bias.h"

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  check_shape(input_type(step, 1), {x.shape.back()}, "the bias");
  return {{x.shape, x.element}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = input_type(step, 0);
  return kernel_step(
      target.device, kernels::Bias{.type = x.element, .view = view_on(x, target.device)},
      [](kernels::Bias& call, const StepBuffers& buffers) {
        call.x = buffers.inputs[0];
        call.bias = buffers.inputs[1];
        call.y = buffers.outputs[0];
      },
      [](auto on, const kernels::Bias& call) { kernels::bias(on, call); });
}

void gradient(GradientBuilder& builder) {
  if (builder.needs_gradient(0)) builder.input_gradient(0, builder.output_gradient(0));
  if (builder.needs_gradient(1)) {
    builder.input_gradient(1, builder.emit(operations::bias_gradient, {builder.output_gradient(0)}).front());
  }
}

std::vector<std::pair<int, int>> in_place(const Step&) {
  return {{0, 0}};
}

std::vector<ValueType> infer_gradient(const StepTypes& step) {
  const ValueType& y_gradient = input_type(step, 0);
  return {{{y_gradient.shape.back()}, accumulator_of(y_gradient.element)}};
}

PreparedStep prepare_gradient(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& y_gradient = input_type(step, 0);
  const kernels::ActivationView view = view_on(y_gradient, target.device);
  return kernel_step(
      target.device, kernels::BiasGradient{.type = y_gradient.element, .view = view},
      [](kernels::BiasGradient& call, const StepBuffers& buffers) {
        call.y_gradient = buffers.inputs[0];
        call.bias_gradient = buffers.outputs[0];
        call.workspace = buffers.workspace;
      },
      [](auto on, const kernels::BiasGradient& call) { kernels::bias_gradient(on, call); },
      kernels::bias_gradient_workspace_bytes(view));
}

}  // namespace

const Operation operations::bias{
    .name = "bias", .infer = infer, .prepare = prepare, .gradient = gradient, .in_place = in_place, .any_layout = true};
const Operation operations::bias_gradient{
    .name = "bias_gradient", .infer = infer_gradient, .prepare = prepare_gradient, .any_layout = true};

ValueId ops::bias(Tracer& trace, ValueId x, ValueId bias) {
  return trace.emit_one(operations::bias, {x, bias});
}

}  // namespace sleight

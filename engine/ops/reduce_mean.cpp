#include "kernels/reduce_mean.h"

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

std::vector<ValueType> infer(const StepTypes& step) {
  check_rank(input_type(step, 0), 1, "the values");
  return {{{1}, input_type(step, 0).element}};
}

std::vector<ValueType> infer_backward(const StepTypes& step) {
  return {{{step.attributes.integer("count")}, input_type(step, 0).element}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& values = input_type(step, 0);
  return kernel_step(
      target.device, kernels::ReduceMeanForward{.count = values.count(), .type = values.element},
      [](kernels::ReduceMeanForward& call, const StepBuffers& buffers) {
        call.values = buffers.inputs[0];
        call.mean = buffers.outputs[0];
      },
      [](auto on, const kernels::ReduceMeanForward& call) { kernels::reduce_mean_forward(on, call); });
}

PreparedStep prepare_backward(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& gradient = output_type(step, 0);
  return kernel_step(
      target.device, kernels::ReduceMeanBackward{.count = gradient.count(), .type = gradient.element},
      [](kernels::ReduceMeanBackward& call, const StepBuffers& buffers) {
        call.mean_gradient = buffers.inputs[0];
        call.gradient = buffers.outputs[0];
      },
      [](auto on, const kernels::ReduceMeanBackward& call) { kernels::reduce_mean_backward(on, call); });
}

void gradient(GradientBuilder& builder) {
  const std::int64_t count = builder.type(builder.input(0)).count();
  builder.input_gradient(
      0, builder.emit(operations::reduce_mean_backward, {builder.output_gradient(0)}, {{"count", count}}).front());
}

}  // namespace

const Operation operations::reduce_mean{
    .name = "reduce_mean", .infer = infer, .prepare = prepare, .gradient = gradient};
const Operation operations::reduce_mean_backward{
    .name = "reduce_mean_backward", .infer = infer_backward, .prepare = prepare_backward};

ValueId ops::reduce_mean(Tracer& trace, ValueId values) {
  return trace.emit_one(operations::reduce_mean, {values});
}

}  // namespace sleight

#include "kernels/average_pool.h"
#include "engine/ops/pooling.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

PreparedStep prepare_average(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = input_type(step, 0);
  return kernel_step(
      target.device,
      kernels::AveragePool{.type = x.element, .input = view_on(x, target.device), .window = window_of(step.attributes)},
      [](kernels::AveragePool& call, const StepBuffers& buffers) {
        call.x = buffers.inputs[0];
        call.y = buffers.outputs[0];
      },
      [](auto on, const kernels::AveragePool& call) { kernels::average_pool(on, call); });
}

PreparedStep prepare_average_backward(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = output_type(step, 0);
  return kernel_step(
      target.device,
      kernels::AveragePoolBackward{
          .type = x.element, .input = view_on(x, target.device), .window = window_of(step.attributes)},
      [](kernels::AveragePoolBackward& call, const StepBuffers& buffers) {
        call.y_gradient = buffers.inputs[0];
        call.x_gradient = buffers.outputs[0];
      },
      [](auto on, const kernels::AveragePoolBackward& call) { kernels::average_pool_backward(on, call); });
}

void gradient_average(GradientBuilder& builder) {
  Attributes attributes = builder.attributes();
  remember_size(attributes, builder.type(builder.input(0)));
  builder.input_gradient(
      0, builder.emit(operations::average_pool_backward, {builder.output_gradient(0)}, attributes).front());
}

}  // namespace

const Operation operations::average_pool{.name = "average_pool",
                                         .infer = infer_pooled,
                                         .prepare = prepare_average,
                                         .gradient = gradient_average,
                                         .any_layout = true};
const Operation operations::average_pool_backward{
    .name = "average_pool_backward", .infer = infer_unpooled, .prepare = prepare_average_backward, .any_layout = true};

ValueId ops::average_pool(Tracer& trace, ValueId x, const kernels::PoolWindow& window) {
  return trace.emit_one(operations::average_pool, {x}, window_attributes(window));
}

}  // namespace sleight

#include "kernels/max_pool.h"
#include "engine/ops/pooling.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

std::vector<ValueType> infer_max(const StepTypes& step) {
  std::vector<ValueType> types = infer_pooled(step);
  types.push_back({types.front().shape, DataType::uint8});
  return types;
}

PreparedStep prepare_max(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = input_type(step, 0);
  return kernel_step(
      target.device,
      kernels::MaxPool{.type = x.element, .input = view_on(x, target.device), .window = window_of(step.attributes)},
      [](kernels::MaxPool& call, const StepBuffers& buffers) {
        call.x = buffers.inputs[0];
        call.y = buffers.outputs[0];
        call.argmax = static_cast<std::uint8_t*>(buffers.outputs[1]);
      },
      [](auto on, const kernels::MaxPool& call) { kernels::max_pool(on, call); });
}

PreparedStep prepare_max_backward(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = output_type(step, 0);
  return kernel_step(
      target.device,
      kernels::MaxPoolBackward{
          .type = x.element, .input = view_on(x, target.device), .window = window_of(step.attributes)},
      [](kernels::MaxPoolBackward& call, const StepBuffers& buffers) {
        call.y_gradient = buffers.inputs[0];
        call.argmax = static_cast<const std::uint8_t*>(buffers.inputs[1]);
        call.x_gradient = buffers.outputs[0];
      },
      [](auto on, const kernels::MaxPoolBackward& call) { kernels::max_pool_backward(on, call); });
}

void gradient_max(GradientBuilder& builder) {
  Attributes attributes = builder.attributes();
  remember_size(attributes, builder.type(builder.input(0)));
  builder.input_gradient(
      0,
      builder.emit(operations::max_pool_backward, {builder.output_gradient(0), builder.output(1)}, attributes).front());
}

}  // namespace

const Operation operations::max_pool{
    .name = "max_pool", .infer = infer_max, .prepare = prepare_max, .gradient = gradient_max, .any_layout = true};
const Operation operations::max_pool_backward{
    .name = "max_pool_backward", .infer = infer_unpooled, .prepare = prepare_max_backward, .any_layout = true};

ValueId ops::max_pool(Tracer& trace, ValueId x, const kernels::PoolWindow& window) {
  return trace.emit_one(operations::max_pool, {x}, window_attributes(window));
}

}  // namespace sleight

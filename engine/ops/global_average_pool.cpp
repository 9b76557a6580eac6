#include "kernels/global_average_pool.h"
#include "engine/ops/pooling.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

std::vector<ValueType> infer_global(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  check_rank(x, 4, "the images");
  return {{{x.shape[0], x.shape[3]}, x.element}};
}

PreparedStep prepare_global(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = input_type(step, 0);
  return kernel_step(
      target.device, kernels::GlobalAveragePool{.type = x.element, .view = view_on(x, target.device)},
      [](kernels::GlobalAveragePool& call, const StepBuffers& buffers) {
        call.x = buffers.inputs[0];
        call.y = buffers.outputs[0];
      },
      [](auto on, const kernels::GlobalAveragePool& call) { kernels::global_average_pool(on, call); });
}

PreparedStep prepare_global_backward(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = output_type(step, 0);
  return kernel_step(
      target.device, kernels::GlobalAveragePoolBackward{.type = x.element, .view = view_on(x, target.device)},
      [](kernels::GlobalAveragePoolBackward& call, const StepBuffers& buffers) {
        call.y_gradient = buffers.inputs[0];
        call.x_gradient = buffers.outputs[0];
      },
      [](auto on, const kernels::GlobalAveragePoolBackward& call) { kernels::global_average_pool_backward(on, call); });
}

void gradient_global(GradientBuilder& builder) {
  Attributes attributes;
  remember_size(attributes, builder.type(builder.input(0)));
  builder.input_gradient(
      0, builder.emit(operations::global_average_pool_backward, {builder.output_gradient(0)}, attributes).front());
}

}  // namespace

const Operation operations::global_average_pool{.name = "global_average_pool",
                                                .infer = infer_global,
                                                .prepare = prepare_global,
                                                .gradient = gradient_global,
                                                .any_layout = true};
const Operation operations::global_average_pool_backward{.name = "global_average_pool_backward",
                                                         .infer = infer_unpooled,
                                                         .prepare = prepare_global_backward,
                                                         .any_layout = true};

ValueId ops::global_average_pool(Tracer& trace, ValueId x) {
  return trace.emit_one(operations::global_average_pool, {x});
}

}  // namespace sleight

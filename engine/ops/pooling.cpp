#include "engine/ops/support.h"
#include "engine/program/differentiate.h"
#include "kernels/average_pool.h"
#include "kernels/global_average_pool.h"
#include "kernels/max_pool.h"

namespace sleight {

namespace {

Attributes window_attributes(const kernels::PoolWindow& window) {
  return {{"kernel", window.kernel},
          {"stride", window.stride},
          {"padding", window.padding},
          {"ceil_mode", window.ceil_mode}};
}

kernels::PoolWindow window_of(const Attributes& attributes) {
  return {.kernel = attributes.integer("kernel"),
          .stride = attributes.integer("stride"),
          .padding = attributes.integer("padding"),
          .ceil_mode = attributes.flag("ceil_mode")};
}

// Backward steps cannot tell the input's size from the output's (several sizes pool to one), so they carry it.
void remember_size(Attributes& attributes, const ValueType& x) {
  attributes.set("height", x.shape[1]);
  attributes.set("width", x.shape[2]);
}

std::vector<ValueType> infer_pooled(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  check_rank(x, 4, "the images");
  const kernels::PoolWindow window = window_of(step.attributes);
  return {{{x.shape[0], kernels::pooled_size(x.shape[1], window), kernels::pooled_size(x.shape[2], window), x.shape[3]},
           x.element}};
}

std::vector<ValueType> infer_max(const StepTypes& step) {
  std::vector<ValueType> types = infer_pooled(step);
  types.push_back({types.front().shape, DataType::uint8});
  return types;
}

std::vector<ValueType> infer_backward(const StepTypes& step) {
  const ValueType& gradient = input_type(step, 0);
  return {{{gradient.shape.front(), step.attributes.integer("height"), step.attributes.integer("width"),
            gradient.shape.back()},
           gradient.element}};
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

const Operation operations::max_pool{
    .name = "max_pool", .infer = infer_max, .prepare = prepare_max, .gradient = gradient_max, .any_layout = true};
const Operation operations::max_pool_backward{
    .name = "max_pool_backward", .infer = infer_backward, .prepare = prepare_max_backward, .any_layout = true};
const Operation operations::average_pool{.name = "average_pool",
                                         .infer = infer_pooled,
                                         .prepare = prepare_average,
                                         .gradient = gradient_average,
                                         .any_layout = true};
const Operation operations::average_pool_backward{
    .name = "average_pool_backward", .infer = infer_backward, .prepare = prepare_average_backward, .any_layout = true};
const Operation operations::global_average_pool{.name = "global_average_pool",
                                                .infer = infer_global,
                                                .prepare = prepare_global,
                                                .gradient = gradient_global,
                                                .any_layout = true};
const Operation operations::global_average_pool_backward{.name = "global_average_pool_backward",
                                                         .infer = infer_backward,
                                                         .prepare = prepare_global_backward,
                                                         .any_layout = true};

ValueId ops::max_pool(Tracer& trace, ValueId x, const kernels::PoolWindow& window) {
  return trace.emit_one(operations::max_pool, {x}, window_attributes(window));
}

ValueId ops::average_pool(Tracer& trace, ValueId x, const kernels::PoolWindow& window) {
  return trace.emit_one(operations::average_pool, {x}, window_attributes(window));
}

ValueId ops::global_average_pool(Tracer& trace, ValueId x) {
  return trace.emit_one(operations::global_average_pool, {x});
}

}  // namespace sleight

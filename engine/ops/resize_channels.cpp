#include "kernels/resize_channels.h"

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

// x [..., C] -> [..., channels], an attribute.
std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  const std::int64_t channels = step.attributes.integer("channels");
  check(!x.shape.empty() && channels >= 1, to_string(x), " cannot be given ", channels, " channels");
  Shape shape = x.shape;
  shape.back() = channels;
  return {{shape, x.element}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = input_type(step, 0);
  return kernel_step(
      target.device,
      kernels::ResizeChannels{.type = x.element,
                              .rows = x.count() / x.shape.back(),
                              .from_channels = x.shape.back(),
                              .to_channels = output_type(step, 0).shape.back()},
      [](kernels::ResizeChannels& call, const StepBuffers& buffers) {
        call.x = buffers.inputs[0];
        call.y = buffers.outputs[0];
      },
      [](auto on, const kernels::ResizeChannels& call) { kernels::resize_channels(on, call); });
}

void gradient(GradientBuilder& builder) {
  const std::int64_t channels = builder.type(builder.input(0)).shape.back();
  builder.input_gradient(
      0, builder.emit(operations::resize_channels, {builder.output_gradient(0)}, {{"channels", channels}}).front());
}

}  // namespace

const Operation operations::resize_channels{
    .name = "resize_channels", .infer = infer, .prepare = prepare, .gradient = gradient};

ValueId ops::resize_channels(Tracer& trace, ValueId x, std::int64_t channels) {
  return trace.emit_one(operations::resize_channels, {x}, {{"channels", channels}});
}

}  // namespace sleight

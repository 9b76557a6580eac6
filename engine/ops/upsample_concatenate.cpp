#include "kernels/upsample_concatenate.h"

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

// x [N,h,w,A], skip [N,2h,2w,B] -> [N,2h,2w,A+B].
std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  const ValueType& skip = input_type(step, 1);
  check_rank(x, 4, "the images to enlarge");
  check_rank(skip, 4, "the images to append");
  check(x.element == skip.element, "both images must have one element type, got ", to_string(x), " and ",
        to_string(skip));
  check(skip.shape[0] == x.shape[0] && skip.shape[1] == 2 * x.shape[1] && skip.shape[2] == 2 * x.shape[2],
        "twice the sides of ", to_string(x), " must be those of ", to_string(skip),
        "; the sides of a network's images must be multiples of its coarsest stride");
  return {{{skip.shape[0], skip.shape[1], skip.shape[2], x.shape[3] + skip.shape[3]}, x.element}};
}

// The gradient [N,2h,2w,A+B] -> those of x and of skip; A is an attribute, because nothing in the gradient tells it.
std::vector<ValueType> infer_backward(const StepTypes& step) {
  const ValueType& gradient = input_type(step, 0);
  const std::int64_t channels = step.attributes.integer("channels");
  check_rank(gradient, 4, "the gradient");
  const Shape& shape = gradient.shape;
  check(shape[1] % 2 == 0 && shape[2] % 2 == 0 && channels < shape[3], "a gradient of ", to_string(gradient),
        " cannot come from ", channels, " enlarged channels");
  return {{{shape[0], shape[1] / 2, shape[2] / 2, channels}, gradient.element},
          {{shape[0], shape[1], shape[2], shape[3] - channels}, gradient.element}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = input_type(step, 0);
  return kernel_step(
      target.device,
      kernels::UpsampleConcatenate{.type = x.element,
                                   .x_view = view_on(x, target.device),
                                   .skip_view = view_on(input_type(step, 1), target.device),
                                   .y_view = view_on(output_type(step, 0), target.device)},
      [](kernels::UpsampleConcatenate& call, const StepBuffers& buffers) {
        call.x = buffers.inputs[0];
        call.skip = buffers.inputs[1];
        call.y = buffers.outputs[0];
      },
      [](auto on, const kernels::UpsampleConcatenate& call) { kernels::upsample_concatenate(on, call); });
}

PreparedStep prepare_backward(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& gradient = input_type(step, 0);
  return kernel_step(
      target.device,
      kernels::UpsampleConcatenateBackward{.type = gradient.element,
                                           .x_view = view_on(output_type(step, 0), target.device),
                                           .skip_view = view_on(output_type(step, 1), target.device),
                                           .y_view = view_on(gradient, target.device)},
      [](kernels::UpsampleConcatenateBackward& call, const StepBuffers& buffers) {
        call.y_gradient = buffers.inputs[0];
        call.x_gradient = buffers.outputs[0];
        call.skip_gradient = buffers.outputs[1];
      },
      [](auto on, const kernels::UpsampleConcatenateBackward& call) {
        kernels::upsample_concatenate_backward(on, call);
      });
}

void gradient(GradientBuilder& builder) {
  const std::int64_t channels = builder.type(builder.input(0)).shape[3];
  const std::vector<ValueId> gradients =
      builder.emit(operations::upsample_concatenate_backward, {builder.output_gradient(0)}, {{"channels", channels}});
  for (const std::size_t i : {0U, 1U}) {
    if (builder.needs_gradient(i)) builder.input_gradient(i, gradients[i]);
  }
}

}  // namespace

const Operation operations::upsample_concatenate{
    .name = "upsample_concatenate", .infer = infer, .prepare = prepare, .gradient = gradient, .any_layout = true};
const Operation operations::upsample_concatenate_backward{
    .name = "upsample_concatenate_backward", .infer = infer_backward, .prepare = prepare_backward, .any_layout = true};

ValueId ops::upsample_concatenate(Tracer& trace, ValueId x, ValueId skip) {
  return trace.emit_one(operations::upsample_concatenate, {x, skip});
}

}  // namespace sleight

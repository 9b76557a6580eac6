#include "kernels/softmax_cross_entropy.h"

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

// Inputs: logits [N,K], label_a [N], label_b [N] (optional), lambda [N] (optional) -> loss [N], log_sum_exp [N].
std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& logits = input_type(step, 0);
  check_rank(logits, 2, "the logits");
  check_shape(input_type(step, 1), {logits.shape[0]}, "the labels");
  check((step.inputs[2] == nullptr) == (step.inputs[3] == nullptr), "a second label and its lambda come together");
  const ValueType per_row{{logits.shape[0]}, accumulator_of(logits.element)};
  return {per_row, per_row};
}

template <class Arguments>
Arguments arguments_of(const StepTypes& step) {
  const ValueType& logits = input_type(step, 0);
  Arguments arguments;
  arguments.rows = logits.shape[0];
  arguments.classes = logits.shape[1];
  arguments.smoothing = step.attributes.number("smoothing");
  arguments.convention = static_cast<kernels::Smoothing>(step.attributes.integer("convention"));
  arguments.type = logits.element;
  return arguments;
}

template <class Arguments>
void fill_labels(Arguments& call, const StepBuffers& buffers) {
  call.logits = buffers.inputs[0];
  call.label_a = static_cast<const std::int32_t*>(buffers.inputs[1]);
  call.label_b = static_cast<const std::int32_t*>(buffers.inputs[2]);
  call.lambda = static_cast<const float*>(buffers.inputs[3]);
}

PreparedStep prepare(const StepTypes& step, const Device& device) {
  return kernel_step(
      device, arguments_of<kernels::SoftmaxCrossEntropyForward>(step),
      [](kernels::SoftmaxCrossEntropyForward& call, const StepBuffers& buffers) {
        fill_labels(call, buffers);
        call.loss = buffers.outputs[0];
        call.log_sum_exp = buffers.outputs[1];
      },
      [](auto on, const kernels::SoftmaxCrossEntropyForward& call) {
        kernels::softmax_cross_entropy_forward(on, call);
      });
}

// Inputs: as forward, then log_sum_exp and the gradient of the loss.
std::vector<ValueType> infer_backward(const StepTypes& step) {
  return {{input_type(step, 0).shape, input_type(step, 0).element}};
}

PreparedStep prepare_backward(const StepTypes& step, const Device& device) {
  return kernel_step(
      device, arguments_of<kernels::SoftmaxCrossEntropyBackward>(step),
      [](kernels::SoftmaxCrossEntropyBackward& call, const StepBuffers& buffers) {
        fill_labels(call, buffers);
        call.log_sum_exp = buffers.inputs[4];
        call.loss_gradient = buffers.inputs[5];
        call.logits_gradient = buffers.outputs[0];
      },
      [](auto on, const kernels::SoftmaxCrossEntropyBackward& call) {
        kernels::softmax_cross_entropy_backward(on, call);
      });
}

void gradient(GradientBuilder& builder) {
  builder.input_gradient(0, builder
                                .emit(operations::softmax_cross_entropy_backward,
                                      {builder.input(0), builder.input(1), builder.input(2), builder.input(3),
                                       builder.output(1), builder.output_gradient(0)},
                                      builder.attributes())
                                .front());
}

std::vector<std::pair<int, int>> in_place_backward(const Step&) {
  return {{0, 0}};
}

}  // namespace

const Operation operations::softmax_cross_entropy{
    .name = "softmax_cross_entropy", .infer = infer, .prepare = prepare, .gradient = gradient};
const Operation operations::softmax_cross_entropy_backward{.name = "softmax_cross_entropy_backward",
                                                           .infer = infer_backward,
                                                           .prepare = prepare_backward,
                                                           .in_place = in_place_backward};

ValueId ops::softmax_cross_entropy(Tracer& trace, ValueId logits, ValueId label_a, ValueId label_b, ValueId lambda,
                                   const LossParameters& parameters) {
  return trace
      .emit(operations::softmax_cross_entropy, {logits, label_a, label_b, lambda},
            {{"smoothing", {parameters.smoothing}}, {"convention", {static_cast<double>(parameters.convention)}}})
      .front();
}

}  // namespace sleight

#include "kernels/softmax_cross_entropy.h"

#include <algorithm>
#include <optional>

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"
#include "engine/program/fuse.h"

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
  arguments.convention = step.attributes.get<kernels::Smoothing>("convention");
  arguments.type = logits.element;
  return arguments;
}

void fill_labels(kernels::SoftmaxCrossEntropyRows& call, const StepBuffers& buffers) {
  call.logits = buffers.inputs[0];
  call.label_a = static_cast<const std::int32_t*>(buffers.inputs[1]);
  call.label_b = static_cast<const std::int32_t*>(buffers.inputs[2]);
  call.lambda = static_cast<const float*>(buffers.inputs[3]);
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  return kernel_step(
      target.device, arguments_of<kernels::SoftmaxCrossEntropyForward>(step),
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

PreparedStep prepare_backward(const StepTypes& step, const PrepareTarget& target) {
  return kernel_step(
      target.device, arguments_of<kernels::SoftmaxCrossEntropyBackward>(step),
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

// Inputs: as forward, then the gradient of the mean loss [1] -> loss [N], the gradient of the logits.
std::vector<ValueType> infer_with_gradient(const StepTypes& step) {
  const ValueType per_row = infer(step).front();
  check_shape(input_type(step, 4), {1}, "the gradient of the mean loss");
  check(input_type(step, 4).element == per_row.element, "the gradient of the mean loss must be of the losses' type, ",
        to_string(per_row), ", got ", to_string(input_type(step, 4)));
  return {per_row, {input_type(step, 0).shape, input_type(step, 0).element}};
}

PreparedStep prepare_with_gradient(const StepTypes& step, const PrepareTarget& target) {
  return kernel_step(
      target.device, arguments_of<kernels::SoftmaxCrossEntropyWithGradient>(step),
      [](kernels::SoftmaxCrossEntropyWithGradient& call, const StepBuffers& buffers) {
        fill_labels(call, buffers);
        call.mean_gradient = buffers.inputs[4];
        call.loss = buffers.outputs[0];
        call.logits_gradient = buffers.outputs[1];
      },
      [](auto on, const kernels::SoftmaxCrossEntropyWithGradient& call) {
        kernels::softmax_cross_entropy_with_gradient(on, call);
      });
}

std::vector<std::pair<int, int>> in_place_with_gradient(const Step&) {
  return {{1, 0}};
}

// The steps that make a value, of those from `first` on: empty where it is made earlier. std::nullopt where one of them
// needs what the step `first` writes, or updates something, and so cannot run before it.
std::optional<std::vector<std::size_t>> steps_to_move(const Program& program, const Uses& uses, ValueId value,
                                                      std::size_t first) {
  std::vector<std::size_t> moved;
  std::vector<ValueId> open = {value};
  while (!open.empty()) {
    const ValueId id = open.back();
    open.pop_back();
    const std::int32_t producer = id == no_value ? -1 : uses.producer(id);
    if (producer < static_cast<std::int32_t>(first)) continue;
    const auto index = static_cast<std::size_t>(producer);
    if (index == first || program.steps[index].operation->updates != nullptr) return std::nullopt;
    if (std::find(moved.begin(), moved.end(), index) != moved.end()) continue;
    moved.push_back(index);
    open.insert(open.end(), program.steps[index].inputs.begin(), program.steps[index].inputs.end());
  }
  std::sort(moved.begin(), moved.end());
  return moved;
}

// Forward, and its backward with the gradient of a mean:
//
//   loss, log_sum_exp = softmax_cross_entropy(logits)
//   g(n)              = reduce_mean_backward(m)             ->   loss, dlogits = ..._with_gradient(logits, m)
//   dlogits           = softmax_cross_entropy_backward(logits, log_sum_exp, g)
//
// m, the gradient of the mean loss, is a constant or a live scalar; what makes it moves in front.
bool fuse_forward_and_backward(Program& program, std::size_t index) {
  const Step& backward = program.steps[index];
  const Uses uses(program);
  const ValueId log_sum_exp = backward.inputs[4], loss_gradient = backward.inputs[5];
  const std::int32_t forward_index = uses.producer(log_sum_exp, operations::softmax_cross_entropy);
  const std::int32_t spread_index = uses.producer(loss_gradient, operations::reduce_mean_backward);
  if (forward_index < 0 || spread_index < 0 || uses.sole_reader(log_sum_exp) < 0 || uses.sole_reader(loss_gradient) < 0)
    return false;
  const auto first = static_cast<std::size_t>(forward_index);
  const Step& forward = program.steps[first];
  const bool same_inputs = std::equal(forward.inputs.begin(), forward.inputs.end(), backward.inputs.begin());
  if (log_sum_exp != forward.outputs[1] || !same_inputs) return false;
  const ValueId mean_gradient = program.steps[spread_index].inputs[0];
  const auto moved = steps_to_move(program, uses, mean_gradient, first);
  if (!moved) return false;

  Step fused = forward;
  fused.operation = &operations::softmax_cross_entropy_with_gradient;
  fused.inputs.push_back(mean_gradient);
  fused.outputs = {forward.outputs[0], backward.outputs[0]};
  std::vector<Step> in_front;
  for (const std::size_t i : *moved) {
    in_front.push_back(program.steps[i]);
    in_front.back().phase = fused.phase;
  }
  std::vector<std::size_t> removed = *moved;
  removed.insert(removed.end(), {index, static_cast<std::size_t>(spread_index)});
  std::sort(removed.rbegin(), removed.rend());
  program.steps[first] = std::move(fused);
  for (const std::size_t i : removed)
    remove_step(program, i);
  program.steps.insert(program.steps.begin() + forward_index, in_front.begin(), in_front.end());
  return true;
}

ValueId example_mean_loss(Tracer& trace) {
  const ValueId logits = trace.parameter("logits", {5, 7}, ParameterRole::weight, Initializer::zeros);
  const ValueId labels = trace.input("labels", {5}, DataType::int32);
  const ValueId partner_labels = trace.input("partner_labels", {5}, DataType::int32);
  const ValueId lambdas = trace.input("lambdas", {5}, DataType::float32);
  return ops::reduce_mean(
      trace, ops::softmax_cross_entropy(trace, logits, labels, partner_labels, lambdas, {.smoothing = 0.1}));
}

constexpr FusionRule backward_rules[] = {
    {"softmax cross-entropy + its gradient", fuse_forward_and_backward, example_mean_loss}};

}  // namespace

const Operation operations::softmax_cross_entropy{
    .name = "softmax_cross_entropy", .infer = infer, .prepare = prepare, .gradient = gradient};
const Operation operations::softmax_cross_entropy_backward{.name = "softmax_cross_entropy_backward",
                                                           .infer = infer_backward,
                                                           .prepare = prepare_backward,
                                                           .in_place = in_place_backward,
                                                           .fusion_rules = backward_rules};
const Operation operations::softmax_cross_entropy_with_gradient{.name = "softmax_cross_entropy_with_gradient",
                                                                .infer = infer_with_gradient,
                                                                .prepare = prepare_with_gradient,
                                                                .in_place = in_place_with_gradient};

ValueId ops::softmax_cross_entropy(Tracer& trace, ValueId logits, ValueId label_a, ValueId label_b, ValueId lambda,
                                   const LossParameters& parameters) {
  return trace
      .emit(operations::softmax_cross_entropy, {logits, label_a, label_b, lambda},
            {{"smoothing", parameters.smoothing}, {"convention", parameters.convention}})
      .front();
}

}  // namespace sleight

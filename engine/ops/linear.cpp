#include "kernels/linear.h"

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"
#include "kernels/bias.h"

namespace sleight {

namespace {

// Inputs: x [N,I], weights [O,I], bias [O] (optional) -> [N,O].
std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  const ValueType& weights = input_type(step, 1);
  check_rank(x, 2, "the input");
  check_rank(weights, 2, "the weights");
  check(x.element == weights.element, "the input (", to_string(x), ") and the weights (", to_string(weights),
        ") must have one element type");
  check(x.shape[1] == weights.shape[1], "the input has ", x.shape[1], " features but the weights (", to_string(weights),
        ") expect ", weights.shape[1]);
  if (step.inputs[2] != nullptr) check_shape(*step.inputs[2], {weights.shape[0]}, "the bias");
  return {{{x.shape[0], weights.shape[0]}, x.element}};
}

// Inputs: gradient [N,O], weights [O,I] -> [N,I].
std::vector<ValueType> infer_backward_data(const StepTypes& step) {
  return {{{input_type(step, 0).shape[0], input_type(step, 1).shape[1]}, input_type(step, 0).element}};
}

// Inputs: x [N,I], gradient [N,O] -> [O,I].
std::vector<ValueType> infer_backward_weights(const StepTypes& step) {
  return {{{input_type(step, 1).shape[1], input_type(step, 0).shape[1]}, input_type(step, 0).element}};
}

kernels::LinearShape shape_of(const ValueType& x, const ValueType& y, bool has_bias) {
  return {.rows = x.shape[0],
          .input_features = x.shape[1],
          .output_features = y.shape[1],
          .has_bias = has_bias,
          .type = x.element};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const auto shape = shape_of(input_type(step, 0), output_type(step, 0), step.inputs[2] != nullptr);
  std::shared_ptr<kernels::LinearForward> object;
  kernels::run_on(target.device.target(), [&](auto on) { object = kernels::make_linear_forward(on, shape); });
  return {[object](const StepBuffers& buffers) {
            object->run(buffers.inputs[0], buffers.inputs[1], buffers.inputs[2], buffers.outputs[0], buffers.workspace);
          },
          object->workspace_bytes()};
}

PreparedStep prepare_backward_data(const StepTypes& step, const PrepareTarget& target) {
  const auto shape = shape_of(output_type(step, 0), input_type(step, 0), false);
  std::shared_ptr<kernels::LinearBackwardData> object;
  kernels::run_on(target.device.target(), [&](auto on) { object = kernels::make_linear_backward_data(on, shape); });
  return {[object](const StepBuffers& buffers) {
            object->run(buffers.inputs[0], buffers.inputs[1], buffers.outputs[0], buffers.workspace);
          },
          object->workspace_bytes()};
}

PreparedStep prepare_backward_weights(const StepTypes& step, const PrepareTarget& target) {
  const auto shape = shape_of(input_type(step, 0), input_type(step, 1), false);
  std::shared_ptr<kernels::LinearBackwardWeights> object;
  kernels::run_on(target.device.target(), [&](auto on) { object = kernels::make_linear_backward_weights(on, shape); });
  return {[object](const StepBuffers& buffers) {
            object->run(buffers.inputs[0], buffers.inputs[1], buffers.outputs[0], buffers.workspace);
          },
          object->workspace_bytes()};
}

void gradient(GradientBuilder& builder) {
  const ValueId y_gradient = builder.output_gradient(0);
  if (builder.needs_gradient(1)) {
    builder.input_gradient(1,
                           builder.emit(operations::linear_backward_weights, {builder.input(0), y_gradient}).front());
  }
  if (builder.needs_gradient(2))
    builder.input_gradient(2, builder.emit(operations::bias_gradient, {y_gradient}).front());
  if (builder.needs_gradient(0)) {
    builder.input_gradient(0, builder.emit(operations::linear_backward_data, {y_gradient, builder.input(1)}).front());
  }
}

Cost linear_cost(const StepTypes& step, double rows, const ValueType& weights) {
  Cost cost{.flops = 2.0 * rows * elements_of(weights)};
  for (const ValueType* type : step.inputs)
    cost.bytes += type == nullptr ? 0.0 : static_cast<double>(type->bytes());
  for (const ValueType* type : step.outputs)
    cost.bytes += static_cast<double>(type->bytes());
  return cost;
}

double rows_of(const StepTypes& step) {
  return static_cast<double>(input_type(step, 0).shape[0]);
}
Cost cost_with_weights(const StepTypes& step) {
  return linear_cost(step, rows_of(step), input_type(step, 1));
}
Cost cost_backward_weights(const StepTypes& step) {
  return linear_cost(step, rows_of(step), output_type(step, 0));
}

}  // namespace

const Operation operations::linear{
    .name = "linear", .infer = infer, .prepare = prepare, .gradient = gradient, .cost = cost_with_weights};
const Operation operations::linear_backward_data{.name = "linear_backward_data",
                                                 .infer = infer_backward_data,
                                                 .prepare = prepare_backward_data,
                                                 .cost = cost_with_weights};
const Operation operations::linear_backward_weights{.name = "linear_backward_weights",
                                                    .infer = infer_backward_weights,
                                                    .prepare = prepare_backward_weights,
                                                    .cost = cost_backward_weights};

ValueId ops::linear(Tracer& trace, ValueId x, ValueId weights, ValueId bias) {
  const ValueId matrix = ops::cast(trace, weights, trace.type(x).element);
  if (bias == no_value || trace.type(bias).element == trace.type(x).element)
    return trace.emit_one(operations::linear, {x, matrix, bias});
  // A float32 bias stays one, and so does its gradient.
  return ops::bias(trace, trace.emit_one(operations::linear, {x, matrix, no_value}), bias);
}

}  // namespace sleight

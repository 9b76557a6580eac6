// A convolution that knows of the batch norms around it, and how programs come to it. What lies between a batch norm
// with its ReLU and the next convolution is read by two steps only, and both can make it themselves:
//
//   batch_norm_statistics(convolution(x))            ->  convolution_with_statistics(x), which gives both
//   convolution_with_statistics(relu(batch_norm(y)))      ->  convolution_with_statistics(y, the batch norm)
//   and convolution_backward_weights of the same     ->  convolution_normalized_backward_weights(y, the batch norm)
//
// The first saves one reading of every output. The second saves writing the normalized input and one reading of y: as
// many bytes as twice that input; but only as long as both directions do it. They fire where the device has such
// kernels.
#include "kernels/convolution_with_statistics.h"

#include <algorithm>
#include <optional>

#include "engine/ops/batch_norm.h"
#include "engine/ops/convolution.h"
#include "engine/ops/support.h"
#include "engine/program/distribute.h"
#include "engine/program/fuse.h"

namespace sleight {

namespace {

// The four of the batch norm before are there together, or none is.
namespace statistics_input {
enum : int { x, weights, mean, inverse_deviation, gamma, beta };
}
namespace statistics_output {
enum : int { y, mean, inverse_deviation, unbiased_variance };
}
namespace normalized_weights_input {
enum : int { x, gradient, mean, inverse_deviation, gamma, beta };
}

// In both operations the batch norm's inputs follow the two operands of the convolution.
constexpr std::size_t first_of_batch_norm = 2;
constexpr std::size_t end_of_batch_norm = 6;

bool normalizes_input(const StepTypes& step) {
  return step.inputs[first_of_batch_norm] != nullptr;
}

void check_batch_norm(const StepTypes& step) {
  for (std::size_t i = first_of_batch_norm; i < end_of_batch_norm; ++i)
    check_shape(input_type(step, i), {input_type(step, 0).shape.back()}, "a parameter of the batch norm before");
}

kernels::InputNormalization normalization_of(const StepBuffers& buffers) {
  return {.mean = buffers.inputs[statistics_input::mean],
          .inverse_deviation = buffers.inputs[statistics_input::inverse_deviation],
          .gamma = buffers.inputs[statistics_input::gamma],
          .beta = buffers.inputs[statistics_input::beta]};
}

std::vector<ValueType> infer_statistics(const StepTypes& step) {
  std::vector<ValueType> types = infer_convolution(step);
  if (normalizes_input(step)) check_batch_norm(step);
  const ValueType per_channel{{types[0].shape.back()}, accumulator_of(types[0].element)};
  types.insert(types.end(), 3, per_channel);
  return types;
}

kernels::ConvolutionWithStatisticsShape statistics_shape(const StepTypes& step, const Device& device) {
  return {.convolution =
              convolution_shape(input_type(step, statistics_input::x), input_type(step, statistics_input::weights),
                                output_type(step, statistics_output::y), step.attributes, device),
          .normalizes_input = normalizes_input(step),
          .epsilon = static_cast<float>(step.attributes.number("epsilon"))};
}

PreparedStep prepare_statistics(const StepTypes& step, const PrepareTarget& target) {
  const auto shape = statistics_shape(step, target.device);
  const auto object = make_on<kernels::ConvolutionWithStatistics>(
      target.device, [&](auto on) { return kernels::make_convolution_with_statistics(on, shape); });
  return {[object](const StepBuffers& buffers) {
            object->run({.input = buffers.inputs[statistics_input::x],
                         .weights = buffers.inputs[statistics_input::weights],
                         .normalization = normalization_of(buffers),
                         .output = buffers.outputs[statistics_output::y],
                         .mean = buffers.outputs[statistics_output::mean],
                         .inverse_deviation = buffers.outputs[statistics_output::inverse_deviation],
                         .unbiased_variance = buffers.outputs[statistics_output::unbiased_variance],
                         .workspace = buffers.workspace});
          },
          object->workspace_bytes(),
          {},
          object->is_deterministic()};
}

std::vector<std::pair<int, Layout>> weight_is_input(const StepTypes& step, const Device& device) {
  return {{statistics_input::weights, convolution_weight_layout(input_type(step, statistics_input::weights), device)}};
}

Cost cost_statistics(const StepTypes& step) {
  return convolution_cost(step, output_type(step, statistics_output::y), input_type(step, statistics_input::weights));
}

// Statistics that the convolution has finished cannot be shared any more, and a rank that keeps them to itself would
// not be noticed.
void distribute_statistics(DistributionBuilder&) {
  fail("a fused convolution has its statistics to itself; distribute the program first, fuse it afterwards");
}

// As convolution_backward_weights.
std::vector<ValueType> infer_normalized_weights(const StepTypes& step) {
  const ValueType& x = input_type(step, normalized_weights_input::x);
  const ValueType& gradient = input_type(step, normalized_weights_input::gradient);
  check_batch_norm(step);
  return {{{gradient.shape[3], step.attributes.integer("kernel_height"), step.attributes.integer("kernel_width"),
            x.shape[3]},
           x.element}};
}

PreparedStep prepare_normalized_weights(const StepTypes& step, const PrepareTarget& target) {
  const auto shape =
      convolution_shape(input_type(step, normalized_weights_input::x), output_type(step, 0),
                        input_type(step, normalized_weights_input::gradient), step.attributes, target.device);
  const auto object = make_on<kernels::ConvolutionNormalizedBackwardWeights>(
      target.device, [&](auto on) { return kernels::make_convolution_normalized_backward_weights(on, shape); });
  return {[object](const StepBuffers& buffers) {
            object->run(buffers.inputs[normalized_weights_input::x], normalization_of(buffers),
                        buffers.inputs[normalized_weights_input::gradient], buffers.outputs[0], buffers.workspace);
          },
          object->workspace_bytes(),
          {},
          object->is_deterministic()};
}

std::vector<std::pair<int, Layout>> weight_is_output(const StepTypes& step, const Device& device) {
  return {{static_cast<int>(step.inputs.size()), convolution_weight_layout(output_type(step, 0), device)}};
}

Cost cost_normalized_weights(const StepTypes& step) {
  return convolution_cost(step, input_type(step, normalized_weights_input::gradient), output_type(step, 0));
}

// The step that takes the statistics of this convolution's output; -1 where none does.
std::int32_t find_statistics(const Program& program, std::size_t index) {
  const Uses uses(program);
  for (const std::int32_t reader : uses.readers(program.steps[index].outputs[0])) {
    if (program.steps[reader].operation == &operations::batch_norm_statistics) return reader;
  }
  return -1;
}

bool fuse_statistics(Program& program, std::size_t index) {
  const std::int32_t found = find_statistics(program, index);
  if (found < 0) return false;
  const Step& statistics = program.steps[found];
  Step& convolution = program.steps[index];
  convolution.operation = &operations::convolution_with_statistics;
  convolution.attributes.set("epsilon", statistics.attributes.number("epsilon"));
  convolution.inputs.resize(end_of_batch_norm, no_value);
  convolution.outputs.insert(convolution.outputs.end(), statistics.outputs.begin(), statistics.outputs.end());
  remove_step(program, static_cast<std::size_t>(found));
  return true;
}

bool statistics_offered(const Program& program, std::size_t index, const Device& device) {
  if (find_statistics(program, index) < 0) return false;
  const Step& step = program.steps[index];
  const StepTypes types = types_of(program, step);
  const kernels::ConvolutionWithStatisticsShape shape{
      .convolution = convolution_shape(input_type(types, 0), input_type(types, 1), output_type(types, 0),
                                       step.attributes, device)};
  return kernels::run_on(device.target(),
                         [&](auto on) { return kernels::offers_convolution_with_statistics(on, shape); });
}

// The batch norm with a ReLU before this convolution, when nobody reads its result but this step and its gradients by
// the weights; -1 otherwise.
std::int32_t find_normalization(const Program& program, std::size_t index) {
  const Step& convolution = program.steps[index];
  if (convolution.inputs[statistics_input::mean] != no_value) return -1;
  const ValueId z = convolution.inputs[statistics_input::x];
  const Uses uses(program);
  const std::int32_t producer = uses.producer(z, operations::batch_norm_apply);
  if (producer < 0) return -1;
  const Step& apply = program.steps[producer];
  if (apply.inputs[batch_norm_apply_input::residual] != no_value ||
      apply.attributes.get<kernels::ActivationFunction>("activation") != kernels::ActivationFunction::relu ||
      program.is_result(z)) {
    return -1;
  }
  for (const std::int32_t i : uses.readers(z)) {
    const Step& reader = program.steps[i];
    const bool is_weight_gradient =
        reader.operation == &operations::convolution_backward_weights && reader.inputs[0] == z && reader.inputs[1] != z;
    if (i != static_cast<std::int32_t>(index) && !is_weight_gradient) return -1;
  }
  return producer;
}

bool fuse_normalization(Program& program, std::size_t index) {
  const std::int32_t found = find_normalization(program, index);
  if (found < 0) return false;
  const Step apply = program.steps[found];
  const ValueId z = apply.outputs[0];
  const auto normalize = [&](Step& step) {
    step.inputs.resize(end_of_batch_norm, no_value);
    step.inputs[0] = apply.inputs[batch_norm_apply_input::x];
    step.inputs[statistics_input::mean] = apply.inputs[batch_norm_apply_input::mean];
    step.inputs[statistics_input::inverse_deviation] = apply.inputs[batch_norm_apply_input::inverse_deviation];
    step.inputs[statistics_input::gamma] = apply.inputs[batch_norm_apply_input::gamma];
    step.inputs[statistics_input::beta] = apply.inputs[batch_norm_apply_input::beta];
  };
  for (Step& step : program.steps) {
    if (step.operation != &operations::convolution_backward_weights || step.inputs[0] != z) continue;
    step.operation = &operations::convolution_normalized_backward_weights;
    normalize(step);
  }
  normalize(program.steps[index]);
  remove_step(program, static_cast<std::size_t>(found));
  return true;
}

bool normalization_offered(const Program& program, std::size_t index, const Device& device) {
  if (find_normalization(program, index) < 0) return false;
  kernels::ConvolutionWithStatisticsShape shape = statistics_shape(types_of(program, program.steps[index]), device);
  shape.normalizes_input = true;
  return kernels::run_on(device.target(),
                         [&](auto on) { return kernels::offers_convolution_with_statistics(on, shape); });
}

// A convolution with its batch norm, for the examples.
ValueId example_layer(Tracer& trace, const std::string& name, ValueId x, std::int64_t kernel, std::int64_t stride) {
  const auto scope = trace.scope(name);
  const std::int64_t inputs = trace.shape(x).back();
  const Shape channels = {16};
  const ValueId weights =
      trace.parameter("weight", {16, kernel, kernel, inputs}, ParameterRole::weight, Initializer::he_normal_fan_in);
  return ops::batch_norm(
      trace, ops::convolution(trace, x, weights, stride, kernel / 2),
      {.gamma = trace.parameter("gamma", channels, ParameterRole::norm_scale, Initializer::ones),
       .beta = trace.parameter("beta", channels, ParameterRole::norm_shift, Initializer::zeros),
       .running_mean = trace.parameter("running_mean", channels, ParameterRole::running_statistic, Initializer::zeros),
       .running_variance =
           trace.parameter("running_var", channels, ParameterRole::running_statistic, Initializer::ones)});
}

ValueId example_image(Tracer& trace) {
  return trace.parameter("x", {2, 7, 5, 3}, ParameterRole::weight, Initializer::he_normal_fan_in);
}

ValueId example_statistics(Tracer& trace) {
  return example_layer(trace, "layer", example_image(trace), 3, 2);
}

ValueId example_normalization(Tracer& trace) {
  const ValueId inner = ops::relu(trace, example_layer(trace, "first", example_image(trace), 1, 1));
  return example_layer(trace, "second", inner, 3, 2);
}

constexpr FusionRule rules[] = {
    {"convolution + batch norm statistics", fuse_statistics, example_statistics, statistics_offered}};
constexpr FusionRule statistics_rules[] = {
    {"batch norm + relu into convolution", fuse_normalization, example_normalization, normalization_offered}};

}  // namespace

const Operation operations::convolution_with_statistics{.name = "convolution_with_statistics",
                                                        .infer = infer_statistics,
                                                        .prepare = prepare_statistics,
                                                        .distribute = distribute_statistics,
                                                        .cost = cost_statistics,
                                                        .any_layout = true,
                                                        .weight_layouts = weight_is_input,
                                                        .fusion_rules = convolution_with_statistics_rules()};
const Operation operations::convolution_normalized_backward_weights{.name = "convolution_normalized_backward_weights",
                                                                    .infer = infer_normalized_weights,
                                                                    .prepare = prepare_normalized_weights,
                                                                    .cost = cost_normalized_weights,
                                                                    .any_layout = true,
                                                                    .weight_layouts = weight_is_output};

std::span<const FusionRule> convolution_rules() {
  return rules;
}
std::span<const FusionRule> convolution_with_statistics_rules() {
  return statistics_rules;
}

}  // namespace sleight

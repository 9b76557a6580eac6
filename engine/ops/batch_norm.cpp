// Batch norm as steps: statistics, apply; backward: reduce (two sums per channel), apply. Both halves can be fused
// separately (batch_norm_fusion.cpp). One step computes mean and deviation. Several ranks that share a batch use two
// steps, with a sum over the ranks in between (batch_norm_synchronized.cpp).
#include "engine/ops/batch_norm.h"

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"
#include "kernels/batch_norm_apply.h"
#include "kernels/batch_norm_backward.h"
#include "kernels/batch_norm_statistics.h"

namespace sleight {

namespace {

ValueType per_channel(const ValueType& x) {
  return {{x.shape.back()}, accumulator_of(x.element)};
}

std::vector<ValueType> infer_statistics(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  return {per_channel(x), per_channel(x), per_channel(x)};
}

PreparedStep prepare_statistics(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = input_type(step, 0);
  const kernels::ActivationView view = view_on(x, target.device);
  return kernel_step(
      target.device,
      kernels::BatchNormStatistics{
          .type = x.element, .view = view, .epsilon = static_cast<float>(step.attributes.number("epsilon"))},
      [](kernels::BatchNormStatistics& call, const StepBuffers& buffers) {
        call.x = buffers.inputs[0];
        call.mean = buffers.outputs[batch_norm_statistics_output::mean];
        call.inverse_deviation = buffers.outputs[batch_norm_statistics_output::inverse_deviation];
        call.unbiased_variance = buffers.outputs[batch_norm_statistics_output::unbiased_variance];
        call.workspace = buffers.workspace;
      },
      [](auto on, const kernels::BatchNormStatistics& call) { kernels::batch_norm_statistics(on, call); },
      kernels::batch_norm_workspace_bytes(view));
}

// Asked only when a gradient has reached the statistics themselves: their share in a batch norm is part of
// batch_norm_apply's rule, which hands no gradient on to them.
void gradient_statistics(GradientBuilder&) {
  fail(
      "the mean and the deviation of a batch can be differentiated only as parts of their batch norm; something else "
      "that the loss depends on reads them");
}

// Inputs: running mean, running variance.
std::vector<ValueType> infer_inference_statistics(const StepTypes& step) {
  return {{input_type(step, 0).shape, input_type(step, 0).element},
          {input_type(step, 0).shape, input_type(step, 0).element}};
}

PreparedStep prepare_inference_statistics(const StepTypes& step, const PrepareTarget& target) {
  return kernel_step(
      target.device,
      kernels::BatchNormInferenceStatistics{.type = input_type(step, 0).element,
                                            .channels = input_type(step, 0).shape.front(),
                                            .epsilon = static_cast<float>(step.attributes.number("epsilon"))},
      [](kernels::BatchNormInferenceStatistics& call, const StepBuffers& buffers) {
        call.running_mean = buffers.inputs[0];
        call.running_variance = buffers.inputs[1];
        call.mean = buffers.outputs[0];
        call.inverse_deviation = buffers.outputs[1];
      },
      [](auto on, const kernels::BatchNormInferenceStatistics& call) {
        kernels::batch_norm_inference_statistics(on, call);
      });
}

std::vector<ValueType> infer_apply(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  for (std::size_t i = 1; i <= 4; ++i)
    check_shape(input_type(step, i), {x.shape.back()}, "a parameter of batch norm");
  return {{x.shape, x.element}};
}

template <class Arguments>
Arguments activated(const StepTypes& step, const ValueType& x, const Device& device) {
  return {.type = x.element,
          .view = view_on(x, device),
          .activation = static_cast<kernels::ActivationFunction>(step.attributes.integer("activation")),
          .slope = static_cast<float>(step.attributes.number("slope"))};
}

PreparedStep prepare_apply(const StepTypes& step, const PrepareTarget& target) {
  return kernel_step(
      target.device, activated<kernels::BatchNormApply>(step, input_type(step, 0), target.device),
      [](kernels::BatchNormApply& call, const StepBuffers& buffers) {
        call.x = buffers.inputs[batch_norm_apply_input::x];
        call.mean = buffers.inputs[batch_norm_apply_input::mean];
        call.inverse_deviation = buffers.inputs[batch_norm_apply_input::inverse_deviation];
        call.gamma = buffers.inputs[batch_norm_apply_input::gamma];
        call.beta = buffers.inputs[batch_norm_apply_input::beta];
        call.residual = buffers.inputs[batch_norm_apply_input::residual];
        call.z = buffers.outputs[0];
      },
      [](auto on, const kernels::BatchNormApply& call) { kernels::batch_norm_apply(on, call); });
}

std::vector<std::pair<int, int>> in_place_apply(const Step&) {
  return {{0, batch_norm_apply_input::residual}, {0, batch_norm_apply_input::x}};
}

void gradient_apply(GradientBuilder& builder) {
  using namespace batch_norm_apply_input;
  check(builder.input(residual) == no_value && builder.attributes().integer("activation") == 0,
        "a fused batch norm cannot be differentiated; differentiate first, fuse afterwards");
  check(builder.producer(builder.input(mean)).operation == &operations::batch_norm_statistics,
        "batch norm with running statistics has no gradient rule; trace the model in training mode");
  const ValueId z_gradient = builder.output_gradient(0);
  const std::vector<ValueId> sums =
      builder.emit(operations::batch_norm_backward_reduce,
                   {z_gradient, no_value, builder.input(x), builder.input(mean), builder.input(inverse_deviation),
                    builder.input(gamma), builder.input(beta), no_value},
                   builder.attributes());
  if (builder.needs_gradient(gamma)) builder.input_gradient(gamma, sums[batch_norm_reduce_output::gamma_gradient]);
  if (builder.needs_gradient(beta)) builder.input_gradient(beta, sums[batch_norm_reduce_output::beta_gradient]);
  if (!builder.needs_gradient(x)) return;
  builder.input_gradient(
      x, builder
             .emit(operations::batch_norm_backward_apply,
                   {z_gradient, builder.input(x), builder.input(mean), builder.input(inverse_deviation),
                    builder.input(gamma), builder.input(beta), sums[batch_norm_reduce_output::beta_gradient],
                    sums[batch_norm_reduce_output::gamma_gradient]},
                   builder.attributes())
             .front());
}

std::vector<ValueType> infer_reduce(const StepTypes& step) {
  const ValueType& x = input_type(step, batch_norm_reduce_input::x);
  std::vector<ValueType> types = {per_channel(x), per_channel(x)};
  if (step.attributes.flag("masked_gradient")) types.push_back({x.shape, x.element});
  return types;
}

PreparedStep prepare_reduce(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = input_type(step, batch_norm_reduce_input::x);
  return kernel_step(
      target.device, activated<kernels::BatchNormBackwardReduce>(step, x, target.device),
      [](kernels::BatchNormBackwardReduce& call, const StepBuffers& buffers) {
        call.z_gradient = buffers.inputs[batch_norm_reduce_input::z_gradient];
        call.second_z_gradient = buffers.inputs[batch_norm_reduce_input::second_z_gradient];
        call.x = buffers.inputs[batch_norm_reduce_input::x];
        call.mean = buffers.inputs[batch_norm_reduce_input::mean];
        call.inverse_deviation = buffers.inputs[batch_norm_reduce_input::inverse_deviation];
        call.gamma = buffers.inputs[batch_norm_reduce_input::gamma];
        call.beta = buffers.inputs[batch_norm_reduce_input::beta];
        call.z = buffers.inputs[batch_norm_reduce_input::z];
        call.beta_gradient = buffers.outputs[batch_norm_reduce_output::beta_gradient];
        call.gamma_gradient = buffers.outputs[batch_norm_reduce_output::gamma_gradient];
        call.masked_gradient =
            buffers.outputs.size() > 2 ? buffers.outputs[batch_norm_reduce_output::masked_gradient] : nullptr;
        call.workspace = buffers.workspace;
      },
      [](auto on, const kernels::BatchNormBackwardReduce& call) { kernels::batch_norm_backward_reduce(on, call); },
      kernels::batch_norm_workspace_bytes(view_on(x, target.device)));
}

std::vector<std::pair<int, int>> in_place_reduce(const Step& step) {
  if (step.outputs.size() <= batch_norm_reduce_output::masked_gradient) return {};
  return {{batch_norm_reduce_output::masked_gradient, batch_norm_reduce_input::z_gradient},
          {batch_norm_reduce_output::masked_gradient, batch_norm_reduce_input::second_z_gradient}};
}

std::vector<ValueType> infer_backward_apply(const StepTypes& step) {
  using namespace batch_norm_backward_apply_input;
  const ValueType& x = input_type(step, batch_norm_backward_apply_input::x);
  if (step.inputs.size() > shared_sums)
    check(input_type(step, shared_sums) == ValueType{{2 * x.shape.back() + 1}, DataType::float64},
          "the sums of a batch norm are float64 [2 * channels + 1], got ", to_string(input_type(step, shared_sums)));
  return {{x.shape, x.element}};
}

PreparedStep prepare_backward_apply(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = input_type(step, batch_norm_backward_apply_input::x);
  return kernel_step(
      target.device, activated<kernels::BatchNormBackwardApply>(step, x, target.device),
      [rows_place = 2 * x.shape.back()](kernels::BatchNormBackwardApply& call, const StepBuffers& buffers) {
        call.gradient = buffers.inputs[batch_norm_backward_apply_input::gradient];
        call.x = buffers.inputs[batch_norm_backward_apply_input::x];
        call.mean = buffers.inputs[batch_norm_backward_apply_input::mean];
        call.inverse_deviation = buffers.inputs[batch_norm_backward_apply_input::inverse_deviation];
        call.gamma = buffers.inputs[batch_norm_backward_apply_input::gamma];
        call.beta = buffers.inputs[batch_norm_backward_apply_input::beta];
        call.beta_gradient = buffers.inputs[batch_norm_backward_apply_input::beta_gradient];
        call.gamma_gradient = buffers.inputs[batch_norm_backward_apply_input::gamma_gradient];
        if (buffers.inputs.size() > batch_norm_backward_apply_input::shared_sums)
          call.rows =
              static_cast<const double*>(buffers.inputs[batch_norm_backward_apply_input::shared_sums]) + rows_place;
        call.x_gradient = buffers.outputs[0];
      },
      [](auto on, const kernels::BatchNormBackwardApply& call) { kernels::batch_norm_backward_apply(on, call); });
}

std::vector<std::pair<int, int>> in_place_backward_apply(const Step&) {
  return {{0, batch_norm_backward_apply_input::gradient}, {0, batch_norm_backward_apply_input::x}};
}

}  // namespace

const Operation operations::batch_norm_statistics{.name = "batch_norm_statistics",
                                                  .infer = infer_statistics,
                                                  .prepare = prepare_statistics,
                                                  .gradient = gradient_statistics,
                                                  .distribute = distribute_batch_norm,
                                                  .any_layout = true};
const Operation operations::batch_norm_inference_statistics{.name = "batch_norm_inference_statistics",
                                                            .infer = infer_inference_statistics,
                                                            .prepare = prepare_inference_statistics,
                                                            .any_layout = true};
const Operation operations::batch_norm_apply{.name = "batch_norm_apply",
                                             .infer = infer_apply,
                                             .prepare = prepare_apply,
                                             .gradient = gradient_apply,
                                             .in_place = in_place_apply,
                                             .any_layout = true,
                                             .fusion_rules = batch_norm_apply_rules()};
const Operation operations::batch_norm_backward_reduce{.name = "batch_norm_backward_reduce",
                                                       .infer = infer_reduce,
                                                       .prepare = prepare_reduce,
                                                       .in_place = in_place_reduce,
                                                       .any_layout = true,
                                                       .fusion_rules = batch_norm_backward_rules()};
const Operation operations::batch_norm_backward_apply{.name = "batch_norm_backward_apply",
                                                      .infer = infer_backward_apply,
                                                      .prepare = prepare_backward_apply,
                                                      .in_place = in_place_backward_apply,
                                                      .any_layout = true};

ValueId ops::batch_norm(Tracer& trace, ValueId x, const BatchNormParameters& parameters, double epsilon,
                        double momentum) {
  std::vector<ValueId> statistics;
  if (trace.mode() == Mode::training) {
    using namespace batch_norm_statistics_output;
    statistics = trace.emit(operations::batch_norm_statistics, {x}, {{"epsilon", {epsilon}}});
    trace.running_statistics.push_back({parameters.running_mean, statistics[mean], momentum});
    trace.running_statistics.push_back({parameters.running_variance, statistics[unbiased_variance], momentum});
  } else {
    statistics = trace.emit(operations::batch_norm_inference_statistics,
                            {parameters.running_mean, parameters.running_variance}, {{"epsilon", {epsilon}}});
  }
  return trace.emit_one(operations::batch_norm_apply,
                        {x, statistics[0], statistics[1], parameters.gamma, parameters.beta, no_value},
                        {{"activation", {0.0}}, {"slope", {0.0}}});
}

}  // namespace sleight

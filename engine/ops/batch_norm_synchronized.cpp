// Batch norm over the batch of all ranks. batch_norm_statistics becomes three steps:
//
//   batch_norm_partial   this rank's sums, sums of squares and number of rows, in float64
//   all_reduce           added over the ranks
//   batch_norm_finish    the statistics of the whole batch, as batch_norm_statistics gives them
//
// and in the backward pass the two sums per channel are added over the ranks before batch_norm_backward_apply reads
// them; it is told the number of rows of all. The parameters' own gradients stay this rank's sums: they are averaged
// with all other gradients, where the optimizer asks for it.
//
// Only the pass `distribute` writes this form, for more than one rank and where statistics are synchronized. A training
// of one rank keeps the statistics in one step: one launch and one pass less.
#include "engine/ops/batch_norm.h"
#include "engine/ops/support.h"
#include "engine/program/distribute.h"
#include "kernels/batch_norm_statistics.h"

namespace sleight {

namespace {

// Sums, sums of squares, number of rows.
std::int64_t sums_count(std::int64_t channels) {
  return 2 * channels + 1;
}

std::vector<ValueType> infer_partial(const StepTypes& step) {
  return {{{sums_count(input_type(step, 0).shape.back())}, DataType::float64}};
}

PreparedStep prepare_partial(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& x = input_type(step, 0);
  const kernels::ActivationView view = view_on(x, target.device);
  return kernel_step(
      target.device, kernels::BatchNormPartialStatistics{.type = x.element, .view = view},
      [](kernels::BatchNormPartialStatistics& call, const StepBuffers& buffers) {
        call.x = buffers.inputs[0];
        call.sums = static_cast<double*>(buffers.outputs[0]);
        call.workspace = buffers.workspace;
      },
      [](auto on, const kernels::BatchNormPartialStatistics& call) {
        kernels::batch_norm_partial_statistics(on, call);
      },
      kernels::batch_norm_workspace_bytes(view));
}

// The type of the activations is an attribute: the sums are float64 in any case.
DataType activation_element(const StepTypes& step) {
  return static_cast<DataType>(step.attributes.integer("element"));
}

std::int64_t channels_of_sums(const StepTypes& step) {
  const ValueType& sums = input_type(step, 0);
  check(sums.element == DataType::float64 && sums.shape.size() == 1 && sums.shape[0] % 2 == 1,
        "the sums of a batch norm are float64 [2 * channels + 1], got ", to_string(sums));
  return sums.shape[0] / 2;
}

std::vector<ValueType> infer_finish(const StepTypes& step) {
  const ValueType per_channel{{channels_of_sums(step)}, accumulator_of(activation_element(step))};
  return {per_channel, per_channel, per_channel};
}

PreparedStep prepare_finish(const StepTypes& step, const PrepareTarget& target) {
  return kernel_step(
      target.device,
      kernels::BatchNormFinishStatistics{.type = activation_element(step),
                                         .channels = channels_of_sums(step),
                                         .epsilon = static_cast<float>(step.attributes.number("epsilon"))},
      [](kernels::BatchNormFinishStatistics& call, const StepBuffers& buffers) {
        call.sums = static_cast<const double*>(buffers.inputs[0]);
        call.mean = buffers.outputs[batch_norm_statistics_output::mean];
        call.inverse_deviation = buffers.outputs[batch_norm_statistics_output::inverse_deviation];
        call.unbiased_variance = buffers.outputs[batch_norm_statistics_output::unbiased_variance];
      },
      [](auto on, const kernels::BatchNormFinishStatistics& call) { kernels::batch_norm_finish_statistics(on, call); });
}

}  // namespace

void distribute_batch_norm(DistributionBuilder& builder) {
  if (!builder.options().synchronize_statistics) return;
  Program& program = builder.program();
  const Step statistics = builder.step();
  const ValueType x = program.value(statistics.inputs[0]).type;
  const ValueId own_sums =
      program.add_value({.name = statistics.name + "." + std::string(operations::batch_norm_partial.name),
                         .type = {{sums_count(x.shape.back())}, DataType::float64}});
  Step& partial = builder.step();
  partial.operation = &operations::batch_norm_partial;
  partial.attributes = {};
  partial.outputs = {own_sums};
  const ValueId sums = builder.all_reduce(own_sums, Reduction::sum);
  Step finish = statistics;
  finish.operation = &operations::batch_norm_finish;
  finish.attributes.set("element", static_cast<double>(x.element));
  finish.inputs = {sums};
  builder.insert_behind(std::move(finish));

  using namespace batch_norm_backward_apply_input;
  const ValueId batch_mean = statistics.outputs[batch_norm_statistics_output::mean];
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    if (program.steps[i].operation != &operations::batch_norm_backward_apply) continue;
    std::vector<ValueId> inputs = program.steps[i].inputs;
    if (inputs[mean] != batch_mean) continue;
    for (const int sum : {beta_gradient, gamma_gradient})
      inputs[sum] = builder.all_reduce(inputs[sum], Reduction::sum);
    inputs.push_back(sums);
    program.steps[i].inputs = std::move(inputs);
  }
}

const Operation operations::batch_norm_partial{
    .name = "batch_norm_partial", .infer = infer_partial, .prepare = prepare_partial, .any_layout = true};
const Operation operations::batch_norm_finish{
    .name = "batch_norm_finish", .infer = infer_finish, .prepare = prepare_finish, .any_layout = true};

}  // namespace sleight

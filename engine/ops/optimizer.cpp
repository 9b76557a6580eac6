// Steps over all parameters at once: the optimizer's update, the average of the weights and the running statistics.
#include "engine/ops/optimizer.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "engine/ops/support.h"
#include "engine/ops/tensor_table.h"
#include "engine/program/distribute.h"
#include "engine/program/fuse.h"
#include "kernels/exponential_moving_average.h"
#include "kernels/running_statistics.h"
#include "kernels/sgd.h"

namespace sleight {

namespace {

using update_input::first_tensor;
using update_input::guard;
using update_input::live_scalars;

// The number of tensors, given the number of inputs of each.
std::size_t tensor_count(const StepTypes& step, std::size_t stride) {
  check(step.inputs.size() >= first_tensor && (step.inputs.size() - first_tensor) % stride == 0, "an update takes ",
        stride, " inputs for each tensor, got ", step.inputs.size(), " in all");
  if (step.inputs[guard] != nullptr)
    check(*step.inputs[guard] == ValueType{{2}, DataType::int64},
          "the guard must be a result of first_non_finite, got ", to_string(*step.inputs[guard]));
  return (step.inputs.size() - first_tensor) / stride;
}

// The inputs at `offset` of every tensor.
std::vector<int> places(std::size_t inputs, std::size_t stride, std::size_t offset) {
  std::vector<int> result;
  for (std::size_t i = first_tensor; i + stride <= inputs; i += stride)
    result.push_back(static_cast<int>(i + offset));
  return result;
}

// Elementwise work on stored numbers is right in any layout, as long as all of a tensor's buffers share it: the input
// at `follower` of every tensor lies as the one at `leader`.
std::vector<std::pair<int, Layout>> follow(const StepTypes& step, std::size_t stride, std::size_t follower,
                                           std::size_t leader) {
  std::vector<std::pair<int, Layout>> layouts;
  for (std::size_t i = first_tensor; i + stride <= step.inputs.size(); i += stride)
    layouts.emplace_back(static_cast<int>(i + follower), input_type(step, i + leader).layout);
  return layouts;
}

// Every input read once, and those at `updated` of every tensor written too.
Cost cost_of_update(const StepTypes& step, std::size_t stride, std::initializer_list<std::size_t> updated) {
  Cost cost;
  const auto add = [&](const ValueType* type) {
    cost.bytes += type == nullptr ? 0.0 : static_cast<double>(type->bytes());
  };
  for (const ValueType* type : step.inputs)
    add(type);
  for (const std::size_t offset : updated) {
    for (const int place : places(step.inputs.size(), stride, offset))
      add(step.inputs[place]);
  }
  return cost;
}

template <class Arguments>
void fill_update(Arguments& call, const StepBuffers& buffers) {
  if constexpr (requires { call.live_scalars; })
    call.live_scalars = static_cast<const float*>(buffers.inputs[live_scalars]);
  call.first_non_finite = static_cast<const std::int64_t*>(buffers.inputs[guard]);
}

constexpr std::size_t sgd_stride = sgd_input::count;

std::vector<ValueType> infer_sgd(const StepTypes& step) {
  const std::size_t tensors = tensor_count(step, sgd_stride);
  check(step.attributes.numbers("decay").size() == tensors, "each of the ", tensors,
        " tensors needs a decay multiplier");
  for (std::size_t i = 0; i < tensors; ++i) {
    const std::size_t first = first_tensor + i * sgd_stride;
    const ValueType& parameter = input_type(step, first);
    for (std::size_t other = sgd_input::gradient; other < sgd_stride; ++other) {
      if (other == sgd_input::average && step.inputs[first + other] == nullptr) continue;
      check_shape(input_type(step, first + other), parameter.shape, "gradient, momentum and average");
    }
  }
  return {};
}

std::vector<std::pair<int, Layout>> state_follows_parameter(const StepTypes& step, const Device&) {
  std::vector<std::pair<int, Layout>> layouts = follow(step, sgd_stride, sgd_input::momentum, sgd_input::parameter);
  const auto averages = follow(step, sgd_stride, sgd_input::average, sgd_input::parameter);
  std::copy_if(averages.begin(), averages.end(), std::back_inserter(layouts),
               [&](const auto& entry) { return step.inputs[entry.first] != nullptr; });
  return layouts;
}

PreparedStep prepare_sgd(const StepTypes& step, const PrepareTarget& target) {
  const std::vector<double>& decay = step.attributes.numbers("decay");
  std::vector<kernels::SgdTensor> tensors;
  for (std::size_t i = 0; i < decay.size(); ++i) {
    const std::size_t first = first_tensor + i * sgd_stride;
    const ValueType& parameter = input_type(step, first);
    const ValueType& gradient = input_type(step, first + sgd_input::gradient);
    check(parameter.layout == gradient.layout, "gradient ", i, " (", to_string(gradient),
          ") lies in another layout than its parameter");
    tensors.push_back(
        kernels::sgd_tensor(parameter.element, gradient.element, parameter.count(), static_cast<float>(decay[i])));
  }
  const auto table = std::make_shared<TensorTable<kernels::SgdTensor>>(target.device, std::move(tensors));
  kernels::Sgd arguments;
  arguments.tensors = table->list();
  arguments.nesterov = step.attributes.flag("nesterov");
  if (!decay.empty()) arguments.parameter_type = input_type(step, first_tensor).element;
  PreparedStep prepared = kernel_step(target.device, arguments, fill_update<kernels::Sgd>,
                                      [](auto on, const kernels::Sgd& call) { kernels::sgd(on, call); });
  prepared.bind = [table](const StepBuffers& buffers) {
    table->fill([&](std::size_t i, kernels::SgdTensor& tensor) {
      const std::size_t first = first_tensor + i * sgd_stride;
      tensor.parameter = buffers.inputs[first + sgd_input::parameter];
      tensor.gradient = buffers.inputs[first + sgd_input::gradient];
      tensor.momentum = buffers.inputs[first + sgd_input::momentum];
      tensor.average = buffers.inputs[first + sgd_input::average];
    });
  };
  return prepared;
}

std::vector<int> updates_sgd(const Step& step) {
  std::vector<int> updated;
  for (const std::size_t input : {sgd_input::parameter, sgd_input::momentum, sgd_input::average}) {
    for (const int place : places(step.inputs.size(), sgd_stride, input)) {
      if (step.inputs[place] != no_value) updated.push_back(place);
    }
  }
  return updated;
}

void average_gradients(DistributionBuilder& builder) {
  for (const int place : places(builder.step().inputs.size(), sgd_stride, sgd_input::gradient)) {
    const auto gradient = static_cast<std::size_t>(place);
    const ValueId mean = builder.all_reduce(builder.step().inputs[gradient], Reduction::mean);
    builder.step().inputs[gradient] = mean;
  }
}

Cost cost_sgd(const StepTypes& step) {
  return cost_of_update(step, sgd_stride, {sgd_input::parameter, sgd_input::momentum, sgd_input::average});
}

// For each tensor what moves, and toward what: an average and the weights, a running statistic and the batch's.
constexpr std::size_t pair_stride = 2;

std::vector<ValueType> infer_pairs(const StepTypes& step) {
  const std::size_t tensors = tensor_count(step, pair_stride);
  for (std::size_t i = 0; i < tensors; ++i) {
    const std::size_t first = first_tensor + i * pair_stride;
    check_shape(input_type(step, first), input_type(step, first + 1).shape, "what moves and what it moves toward");
  }
  return {};
}

std::vector<int> updates_pairs(const Step& step) {
  return places(step.inputs.size(), pair_stride, 0);
}

Cost cost_pairs(const StepTypes& step) {
  return cost_of_update(step, pair_stride, {0});
}

std::vector<std::pair<int, Layout>> average_follows_weights(const StepTypes& step, const Device&) {
  return follow(step, pair_stride, 0, 1);
}

PreparedStep prepare_average(const StepTypes& step, const PrepareTarget& target) {
  std::vector<kernels::AveragedTensor> tensors(tensor_count(step, pair_stride));
  for (std::size_t i = 0; i < tensors.size(); ++i)
    tensors[i].count = input_type(step, first_tensor + i * pair_stride).count();
  kernels::ExponentialMovingAverage arguments;
  if (!tensors.empty()) arguments.type = input_type(step, first_tensor).element;
  const auto table = std::make_shared<TensorTable<kernels::AveragedTensor>>(target.device, std::move(tensors));
  arguments.tensors = table->list();
  PreparedStep prepared = kernel_step(
      target.device, arguments, fill_update<kernels::ExponentialMovingAverage>,
      [](auto on, const kernels::ExponentialMovingAverage& call) { kernels::exponential_moving_average(on, call); });
  prepared.bind = [table](const StepBuffers& buffers) {
    table->fill([&](std::size_t i, kernels::AveragedTensor& tensor) {
      tensor.average = buffers.inputs[first_tensor + i * pair_stride];
      tensor.weights = buffers.inputs[first_tensor + i * pair_stride + 1];
    });
  };
  return prepared;
}

// SGD reads gradients of 16 bits as they are, and so does the search for a NaN: a cast to float32 for these two alone
// goes away.
bool gradient_without_cast(Program& program, std::size_t index) {
  const Uses uses(program);
  for (std::size_t i = first_tensor; i + sgd_stride <= program.steps[index].inputs.size(); i += sgd_stride) {
    const ValueId wide = program.steps[index].inputs[i + sgd_input::gradient];
    const std::int32_t producer = uses.producer(wide, operations::cast);
    if (producer < 0) continue;
    const ValueId narrow = program.steps[producer].inputs.front();
    if (!is_half_width(program.value(narrow).type.element)) continue;
    if (program.is_result(wide)) continue;
    const bool all_read_both = std::ranges::all_of(uses.readers(wide), [&](std::int32_t reader) {
      const Operation* operation = program.steps[reader].operation;
      return operation == &operations::sgd || operation == &operations::first_non_finite;
    });
    if (!all_read_both) continue;
    replace_uses(program, wide, narrow);
    remove_step(program, static_cast<std::size_t>(producer));
    return true;
  }
  return false;
}

// A parameter whose gradient comes in bfloat16, whatever the type of the program.
ValueId example_low_precision(Tracer& trace) {
  const ValueId x = trace.parameter("x", {3, 5, 7, 16}, ParameterRole::weight, Initializer::zeros);
  return ops::cast(trace, ops::relu(trace, ops::cast(trace, x, DataType::bfloat16)), trace.element());
}

constexpr FusionRule sgd_rules[] = {{"sgd + cast of a gradient", gradient_without_cast, example_low_precision}};

// Averages of parameters are moved by the step of SGD that writes the parameters, where both are under one guard. What
// is averaged and written by another step (running statistics) stays.
bool average_in_sgd(Program& program, std::size_t index) {
  const Step& average = program.steps[index];
  for (std::size_t earlier = 0; earlier < index; ++earlier) {
    Step& sgd = program.steps[earlier];
    if (sgd.operation != &operations::sgd || sgd.phase != average.phase) continue;
    if (sgd.inputs[live_scalars] != average.inputs[live_scalars] || sgd.inputs[guard] != average.inputs[guard])
      continue;
    const auto touched_between = [&](ValueId id) {
      return std::any_of(program.steps.begin() + static_cast<std::ptrdiff_t>(earlier) + 1,
                         program.steps.begin() + static_cast<std::ptrdiff_t>(index), [&](const Step& step) {
                           return std::find(step.inputs.begin(), step.inputs.end(), id) != step.inputs.end();
                         });
    };
    std::vector<ValueId> rest(average.inputs.begin(), average.inputs.begin() + first_tensor);
    for (std::size_t i = first_tensor; i + pair_stride <= average.inputs.size(); i += pair_stride) {
      const ValueId mean = average.inputs[i], weights = average.inputs[i + 1];
      bool moved = false;
      for (std::size_t j = first_tensor; j + sgd_stride <= sgd.inputs.size() && !moved; j += sgd_stride) {
        if (sgd.inputs[j + sgd_input::parameter] != weights || sgd.inputs[j + sgd_input::average] != no_value) continue;
        if (touched_between(mean) || touched_between(weights)) continue;
        sgd.inputs[j + sgd_input::average] = mean;
        moved = true;
      }
      if (!moved) rest.insert(rest.end(), {mean, weights});
    }
    if (rest.size() == average.inputs.size()) continue;
    if (rest.size() == first_tensor) {
      remove_step(program, index);
    } else {
      program.steps[index].inputs = std::move(rest);
    }
    return true;
  }
  return false;
}

ValueId example_parameters(Tracer& trace) {
  const ValueId x = trace.parameter("x", {3, 5, 7, 16}, ParameterRole::weight, Initializer::zeros);
  return ops::relu(trace, x);
}

constexpr FusionRule average_rules[] = {{"sgd + moving average", average_in_sgd, example_parameters}};

PreparedStep prepare_running_statistics(const StepTypes& step, const PrepareTarget& target) {
  std::vector<kernels::RunningStatistic> tensors(tensor_count(step, pair_stride));
  const std::vector<double>& momentum = step.attributes.numbers("momentum");
  check(momentum.size() == tensors.size(), "each of the ", tensors.size(), " statistics needs a momentum");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    tensors[i].count = input_type(step, first_tensor + i * pair_stride).count();
    tensors[i].momentum = static_cast<float>(momentum[i]);
  }
  kernels::RunningStatistics arguments;
  if (!tensors.empty()) arguments.type = input_type(step, first_tensor).element;
  const auto table = std::make_shared<TensorTable<kernels::RunningStatistic>>(target.device, std::move(tensors));
  arguments.tensors = table->list();
  PreparedStep prepared =
      kernel_step(target.device, arguments, fill_update<kernels::RunningStatistics>,
                  [](auto on, const kernels::RunningStatistics& call) { kernels::running_statistics(on, call); });
  prepared.bind = [table](const StepBuffers& buffers) {
    table->fill([&](std::size_t i, kernels::RunningStatistic& tensor) {
      tensor.running = buffers.inputs[first_tensor + i * pair_stride];
      tensor.batch = buffers.inputs[first_tensor + i * pair_stride + 1];
    });
  };
  return prepared;
}

}  // namespace

const Operation operations::sgd{.name = "sgd",
                                .infer = infer_sgd,
                                .prepare = prepare_sgd,
                                .distribute = average_gradients,
                                .updates = updates_sgd,
                                .cost = cost_sgd,
                                .any_layout = true,
                                .weight_layouts = state_follows_parameter,
                                .fusion_rules = sgd_rules};
const Operation operations::exponential_moving_average{.name = "exponential_moving_average",
                                                       .infer = infer_pairs,
                                                       .prepare = prepare_average,
                                                       .updates = updates_pairs,
                                                       .cost = cost_pairs,
                                                       .any_layout = true,
                                                       .weight_layouts = average_follows_weights,
                                                       .fusion_rules = average_rules};
const Operation operations::running_statistics{.name = "running_statistics",
                                               .infer = infer_pairs,
                                               .prepare = prepare_running_statistics,
                                               .updates = updates_pairs,
                                               .cost = cost_pairs};

void ops::sgd(Tracer& trace, std::span<const SgdParameter> parameters, bool nesterov) {
  std::vector<ValueId> inputs = {trace.live_scalars(), trace.first_non_finite};
  std::vector<double> decay;
  for (const SgdParameter& entry : parameters) {
    inputs.insert(inputs.end(), {entry.parameter, entry.gradient, entry.momentum, entry.average});
    decay.push_back(entry.decay ? 1.0 : 0.0);
  }
  trace.emit(operations::sgd, std::move(inputs), {{"decay", std::move(decay)}, {"nesterov", nesterov}});
}

void ops::exponential_moving_average(Tracer& trace, std::span<const AveragedParameter> parameters) {
  std::vector<ValueId> inputs = {trace.live_scalars(), trace.first_non_finite};
  for (const AveragedParameter& entry : parameters)
    inputs.insert(inputs.end(), {entry.average, entry.parameter});
  trace.emit(operations::exponential_moving_average, std::move(inputs));
}

void ops::running_statistics(Tracer& trace) {
  if (trace.running_statistics.empty()) return;
  std::vector<ValueId> inputs = {no_value, trace.first_non_finite};
  std::vector<double> momentum;
  for (const RunningStatistic& statistic : trace.running_statistics) {
    inputs.insert(inputs.end(), {statistic.running, statistic.batch});
    momentum.push_back(statistic.momentum);
  }
  trace.emit(operations::running_statistics, std::move(inputs), {{"momentum", std::move(momentum)}});
}

}  // namespace sleight

// Steps over all parameters at once: the optimizer's update and the average of the weights.
#include <memory>

#include "engine/ops/support.h"
#include "engine/ops/tensor_table.h"
#include "kernels/exponential_moving_average.h"
#include "kernels/sgd.h"

namespace sleight {

namespace {

// Inputs: live scalars, then (parameter, gradient, momentum) for each tensor.
constexpr std::size_t sgd_stride = 3;

std::vector<ValueType> infer_sgd(const StepTypes& step) {
  const std::size_t tensors = (step.inputs.size() - 1) / sgd_stride;
  check(step.attributes.numbers("decay").size() == tensors, "each of the ", tensors,
        " tensors needs a decay multiplier");
  for (std::size_t i = 0; i < tensors; ++i) {
    const ValueType& parameter = input_type(step, 1 + i * sgd_stride);
    for (const std::size_t other : {1U, 2U}) {
      check_shape(input_type(step, 1 + i * sgd_stride + other), parameter.shape, "gradient and momentum");
    }
  }
  return {};
}

// Elementwise work on stored numbers is right in any layout, as long as all of a tensor's buffers share it.
std::vector<std::pair<int, Layout>> momentum_follows_parameter(const StepTypes& step, const Device&) {
  std::vector<std::pair<int, Layout>> layouts;
  for (std::size_t i = 1; i + sgd_stride <= step.inputs.size(); i += sgd_stride) {
    layouts.emplace_back(static_cast<int>(i + 2), input_type(step, i).layout);
  }
  return layouts;
}

PreparedStep prepare_sgd(const StepTypes& step, const Device& device) {
  const std::vector<double>& decay = step.attributes.numbers("decay");
  std::vector<kernels::SgdTensor> tensors(decay.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const ValueType& parameter = input_type(step, 1 + i * sgd_stride);
    check(parameter.layout == input_type(step, 2 + i * sgd_stride).layout, "gradient ", i, " (",
          to_string(input_type(step, 2 + i * sgd_stride)), ") lies in another layout than its parameter");
    tensors[i].count = parameter.count();
    tensors[i].decay = static_cast<float>(decay[i]);
  }
  const auto table = std::make_shared<TensorTable<kernels::SgdTensor>>(device, std::move(tensors));
  kernels::Sgd arguments;
  arguments.tensors = table->list();
  arguments.nesterov = step.attributes.flag("nesterov");
  if (!decay.empty()) {
    arguments.parameter_type = input_type(step, 1).element;
    arguments.gradient_type = input_type(step, 2).element;
  }
  PreparedStep prepared = kernel_step(
      device, arguments,
      [](kernels::Sgd& call, const StepBuffers& buffers) {
        call.live_scalars = static_cast<const float*>(buffers.inputs[0]);
      },
      [](auto on, const kernels::Sgd& call) { kernels::sgd(on, call); });
  prepared.bind = [table](const StepBuffers& buffers) {
    table->fill([&](std::size_t i, kernels::SgdTensor& tensor) {
      tensor.parameter = buffers.inputs[1 + i * sgd_stride];
      tensor.gradient = buffers.inputs[2 + i * sgd_stride];
      tensor.momentum = buffers.inputs[3 + i * sgd_stride];
    });
  };
  return prepared;
}

std::vector<int> updates_sgd(const Step& step) {
  std::vector<int> updated;
  for (std::size_t i = 1; i + sgd_stride <= step.inputs.size(); i += sgd_stride) {
    updated.push_back(static_cast<int>(i));
    updated.push_back(static_cast<int>(i + 2));
  }
  return updated;
}

// Inputs: live scalars, then (average, weights) for each tensor.
constexpr std::size_t average_stride = 2;

std::vector<ValueType> infer_average(const StepTypes& step) {
  for (std::size_t i = 1; i + average_stride <= step.inputs.size(); i += average_stride) {
    check_shape(input_type(step, i), input_type(step, i + 1).shape, "an average and its weights");
  }
  return {};
}

std::vector<std::pair<int, Layout>> average_follows_weights(const StepTypes& step, const Device&) {
  std::vector<std::pair<int, Layout>> layouts;
  for (std::size_t i = 1; i + average_stride <= step.inputs.size(); i += average_stride) {
    layouts.emplace_back(static_cast<int>(i), input_type(step, i + 1).layout);
  }
  return layouts;
}

PreparedStep prepare_average(const StepTypes& step, const Device& device) {
  std::vector<kernels::AveragedTensor> tensors((step.inputs.size() - 1) / average_stride);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    tensors[i].count = input_type(step, 1 + i * average_stride).count();
  kernels::ExponentialMovingAverage arguments;
  if (!tensors.empty()) arguments.type = input_type(step, 1).element;
  const auto table = std::make_shared<TensorTable<kernels::AveragedTensor>>(device, std::move(tensors));
  arguments.tensors = table->list();
  PreparedStep prepared = kernel_step(
      device, arguments,
      [](kernels::ExponentialMovingAverage& call, const StepBuffers& buffers) {
        call.live_scalars = static_cast<const float*>(buffers.inputs[0]);
      },
      [](auto on, const kernels::ExponentialMovingAverage& call) { kernels::exponential_moving_average(on, call); });
  prepared.bind = [table](const StepBuffers& buffers) {
    table->fill([&](std::size_t i, kernels::AveragedTensor& tensor) {
      tensor.average = buffers.inputs[1 + i * average_stride];
      tensor.weights = buffers.inputs[2 + i * average_stride];
    });
  };
  return prepared;
}

std::vector<int> updates_average(const Step& step) {
  std::vector<int> updated;
  for (std::size_t i = 1; i + average_stride <= step.inputs.size(); i += average_stride)
    updated.push_back(static_cast<int>(i));
  return updated;
}

}  // namespace

const Operation operations::sgd{.name = "sgd",
                                .infer = infer_sgd,
                                .prepare = prepare_sgd,
                                .updates = updates_sgd,
                                .any_layout = true,
                                .weight_layouts = momentum_follows_parameter};
const Operation operations::exponential_moving_average{.name = "exponential_moving_average",
                                                       .infer = infer_average,
                                                       .prepare = prepare_average,
                                                       .updates = updates_average,
                                                       .any_layout = true,
                                                       .weight_layouts = average_follows_weights};

void ops::sgd(Tracer& trace, std::span<const SgdParameter> parameters, bool nesterov) {
  std::vector<ValueId> inputs = {trace.live_scalars()};
  std::vector<double> decay;
  for (const SgdParameter& entry : parameters) {
    inputs.insert(inputs.end(), {entry.parameter, entry.gradient, entry.momentum});
    decay.push_back(entry.decay ? 1.0 : 0.0);
  }
  trace.emit(operations::sgd, std::move(inputs), {{"decay", std::move(decay)}, {"nesterov", {nesterov ? 1.0 : 0.0}}});
}

void ops::exponential_moving_average(Tracer& trace, std::span<const AveragedParameter> parameters) {
  std::vector<ValueId> inputs = {trace.live_scalars()};
  for (const AveragedParameter& entry : parameters)
    inputs.insert(inputs.end(), {entry.average, entry.parameter});
  trace.emit(operations::exponential_moving_average, std::move(inputs));
}

}  // namespace sleight

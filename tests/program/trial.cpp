#include "trial.h"

#include <cmath>
#include <sstream>

#include "engine/base/error.h"
#include "kernels/lib/weight_view.h"
#include "tests/cases/one_thread.h"

namespace sleight::test {

namespace {

// The place of every element of the plain order. Blocked parameters and their gradients are weights of a convolution;
// other blocked values are images.
std::vector<std::size_t> places(const Program& program, const Device& device, ValueId id) {
  const ValueType& type = program.value(id).type;
  std::vector<std::size_t> result;
  if (type.layout == Layout::plain) {
    for (std::int64_t i = 0; i < type.count(); ++i)
      result.push_back(static_cast<std::size_t>(i));
    return result;
  }
  bool is_weights = program.value(id).storage == Storage::persistent;
  for (const Step& step : program.steps) {
    if (step.outputs.empty() || step.outputs[0] != id) continue;
    // A gradient of weights, or the sum of two such.
    is_weights |= step.operation == &operations::convolution_backward_weights ||
                  step.operation == &operations::convolution_normalized_backward_weights ||
                  step.operation == &operations::add;
  }
  const Shape& shape = type.shape;
  const std::int64_t lanes = device.preferred_lanes(shape[3]);
  const kernels::WeightView weights{shape[0], shape[3], shape[1], shape[2],
                                    device.preferred_weight_layout(shape[3], shape[0])};
  for (std::int64_t n = 0; n < shape[0]; ++n) {
    for (std::int64_t h = 0; h < shape[1]; ++h) {
      for (std::int64_t w = 0; w < shape[2]; ++w) {
        for (std::int64_t c = 0; c < shape[3]; ++c) {
          const std::int64_t block = n * (shape[3] / lanes) + c / lanes;
          result.push_back(static_cast<std::size_t>(
              is_weights ? weights.offset(n, c, h, w) : ((block * shape[1] + h) * shape[2] + w) * lanes + c % lanes));
        }
      }
    }
  }
  return result;
}

}  // namespace

Numbers read(const Executable& executable, const Device& device, ValueId id) {
  Numbers numbers;
  visit_cpu_type(executable.program().value(id).type.element, [&]<class T>(TypeTag<T>) {
    const T* data = static_cast<const T*>(executable.address(id));
    for (const std::size_t place : places(executable.program(), device, id))
      numbers.push_back(static_cast<double>(data[place]));
  });
  return numbers;
}

void write(const Executable& executable, const Device& device, ValueId id, const Numbers& numbers) {
  visit_cpu_type(executable.program().value(id).type.element, [&]<class T>(TypeTag<T>) {
    T* data = static_cast<T*>(executable.address(id));
    const std::vector<std::size_t> place = places(executable.program(), device, id);
    for (std::size_t i = 0; i < place.size(); ++i)
      data[place[i]] = T(static_cast<Accumulator<T>>(numbers[i]));
  });
}

void fill_parameters(const Executable& executable, const Device& device) {
  for (const Parameter& parameter : executable.program().parameters) {
    const Value& value = executable.program().value(parameter.value);
    std::uint64_t seed = 0;
    for (const char c : value.name)
      seed = seed * 31 + static_cast<unsigned char>(c);
    RandomStream random(seed, RandomPurpose::test);
    const bool positive =
        parameter.role == ParameterRole::norm_scale || parameter.role == ParameterRole::running_statistic;
    Numbers numbers;
    for (std::int64_t i = 0; i < value.type.count(); ++i) {
      // Numbers that float32 holds, so that trials in both types start alike.
      numbers.push_back(static_cast<double>(static_cast<float>(random.uniform(positive ? 0.5 : -1.0, 1.5))));
    }
    write(executable, device, parameter.value, numbers);
  }
}

namespace {

// Binds every input of the program: whole numbers to 0, 1, 2, 0, 1, ..., bytes to 0, 7, 14, ..., numbers with a
// fraction to 1/2, 3/4, 1/2, ... Returns the memory that they are bound to.
std::vector<std::vector<std::byte>> bind_inputs(Executable& executable) {
  std::vector<std::vector<std::byte>> bound;
  for (const Value& value : executable.program().values) {
    if (value.storage != Storage::input) continue;
    std::vector<std::byte>& memory = bound.emplace_back(static_cast<std::size_t>(value.type.bytes()));
    const auto fill = [&](auto* numbers, auto number_at) {
      for (std::int64_t i = 0; i < value.type.count(); ++i)
        numbers[i] = number_at(i);
    };
    if (value.type.element == DataType::int32) {
      fill(reinterpret_cast<std::int32_t*>(memory.data()), [](std::int64_t i) { return static_cast<int>(i % 3); });
    } else if (value.type.element == DataType::uint8) {
      fill(reinterpret_cast<std::uint8_t*>(memory.data()),
           [](std::int64_t i) { return static_cast<std::uint8_t>(7 * i % 256); });
    } else {
      check(value.type.element == DataType::float32, "trials have no input of ", to_string(value.type));
      fill(reinterpret_cast<float*>(memory.data()), [](std::int64_t i) { return i % 2 == 0 ? 0.5F : 0.75F; });
    }
    executable.bind(value.name, memory.data());
  }
  return bound;
}

// What ends a training step: SGD, running statistics, averages of both.
void trace_update(Tracer& tracer, const std::map<ValueId, ValueId>& gradients) {
  tracer.phase = Phase::update;
  std::vector<ops::SgdParameter> updated;
  std::vector<ops::AveragedParameter> averaged;
  const std::vector<Parameter> parameters = tracer.program().parameters;
  const auto state_of = [&](ValueId id, const std::string& prefix, ParameterRole role) {
    const Value value = tracer.program().value(id);
    return tracer.parameter(prefix + value.name, value.type.shape, role, Initializer::zeros);
  };
  for (const Parameter& parameter : parameters) {
    if (parameter.role == ParameterRole::running_statistic)
      averaged.push_back({state_of(parameter.value, "average.", ParameterRole::average), parameter.value});
    const auto gradient = gradients.find(parameter.value);
    if (gradient == gradients.end() || gradient->second == no_value) continue;
    updated.push_back({.parameter = parameter.value,
                       .gradient = gradient->second,
                       .momentum = state_of(parameter.value, "momentum.", ParameterRole::optimizer_state),
                       .decay = updated.size() % 2 == 0});
    averaged.push_back({state_of(parameter.value, "average.", ParameterRole::average), parameter.value});
  }
  ops::sgd(tracer, updated, true);
  ops::running_statistics(tracer);
  ops::exponential_moving_average(tracer, averaged);
}

}  // namespace

Trial run_traced(Tracer& tracer, ValueId output, const TrialOptions& options) {
  const cases::OneThread one_thread;
  const ValueId loss = cases::project(tracer, output);
  Program& program = tracer.program();
  program.results.push_back(loss);
  std::vector<ValueId> wanted;
  for (const Parameter& parameter : program.parameters) {
    if (parameter.trainable()) wanted.push_back(parameter.value);
  }
  tracer.phase = Phase::backward;
  const ValueId seed = ops::constant(tracer, 1.0, 1, options.element);
  const auto gradients = differentiate(program, loss, seed, wanted, operations::add);
  // Where the host reads a gradient, the update cannot read it in another type or layout.
  for (const auto& [value, gradient] : gradients) {
    if (gradient != no_value && !options.update) program.results.push_back(gradient);
  }

  if (options.update) trace_update(tracer, gradients);

  Context context(options.device, 1);
  Executable executable(program, context,
                        {.fuse = options.fuse, .fuse_everything = options.fuse_everything, .parameter_prefix = ""});
  fill_parameters(executable, context.device);
  const auto inputs = bind_inputs(executable);
  context.set_live_scalar(kernels::LiveScalar::learning_rate, 0.125);
  context.set_live_scalar(kernels::LiveScalar::momentum, 0.875);
  context.set_live_scalar(kernels::LiveScalar::weight_decay, 0.0625);
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0);
  context.set_live_scalar(kernels::LiveScalar::ema_decay, 0.75);
  context.arena.poison();
  executable.run();
  Trial trial{.values = {}, .fusions = executable.fusions()};
  trial.values["projection"] = read(executable, context.device, loss);
  for (const auto& [value, gradient] : gradients) {
    const std::string& name = executable.program().value(value).name;
    if (gradient != no_value && !options.update)
      trial.values["gradient of " + name] = read(executable, context.device, gradient);
  }
  for (const Parameter& parameter : executable.program().parameters) {
    trial.values[executable.program().value(parameter.value).name] = read(executable, context.device, parameter.value);
  }
  return trial;
}

std::string compare(const Trial& a, const Trial& b, double tolerance) {
  if (a.values.size() != b.values.size()) return "another number of values";
  for (const auto& [name, expected] : b.values) {
    const auto found = a.values.find(name);
    if (found == a.values.end() || found->second.size() != expected.size())
      return name + " is missing or of another size";
    double largest = 1.0;
    for (const double value : expected)
      largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (std::abs(found->second[i] - expected[i]) <= tolerance * largest) continue;
      std::ostringstream message;
      message.precision(17);
      message << name << ", element " << i << " of " << expected.size() << ": " << found->second[i] << " and "
              << expected[i];
      return message.str();
    }
  }
  return "";
}

ValueId norm(Tracer& tracer, const std::string& name, ValueId x) {
  const auto scope = tracer.scope(name);
  const Shape channels = {tracer.shape(x).back()};
  return ops::batch_norm(
      tracer, x,
      {.gamma = tracer.parameter("weight", channels, ParameterRole::norm_scale, Initializer::ones),
       .beta = tracer.parameter("bias", channels, ParameterRole::norm_shift, Initializer::zeros),
       .running_mean = tracer.parameter("running_mean", channels, ParameterRole::running_statistic, Initializer::zeros),
       .running_variance =
           tracer.parameter("running_var", channels, ParameterRole::running_statistic, Initializer::ones)});
}

}  // namespace sleight::test

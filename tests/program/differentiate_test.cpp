#include "engine/program/differentiate.h"

#include <algorithm>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "trial.h"

namespace sleight::test {
namespace {

std::int64_t count_steps(const Program& program, const Operation& operation) {
  return std::count_if(program.steps.begin(), program.steps.end(),
                       [&](const Step& step) { return step.operation == &operation; });
}

std::map<ValueId, ValueId> gradients_of(Tracer& tracer, ValueId loss, const std::vector<ValueId>& wanted) {
  tracer.phase = Phase::backward;
  const ValueId seed = ops::constant(tracer, 1.0, 1, tracer.element());
  return differentiate(tracer.program(), loss, seed, wanted, operations::add);
}

}  // namespace

TEST_CASE("the gradients of a value that is used twice are added") {
  // projection(x + relu(x)): where x > 0 the gradient is twice the weight, elsewhere once.
  const auto model = [](Tracer& tracer) {
    const ValueId x = tracer.parameter("x", {40}, ParameterRole::weight, Initializer::zeros);
    return ops::add(tracer, x, ops::relu(tracer, x));
  };
  Tracer tracer(Mode::training, DataType::float64);
  const ValueId output = model(tracer);
  const ValueId loss = cases::project(tracer, output);
  const ValueId x = tracer.program().find("x");
  const ValueId gradient = gradients_of(tracer, loss, {x}).at(x);
  CHECK(count_steps(tracer.program(), operations::add) == 2);
  tracer.program().results.push_back(gradient);
  Context context("cpu", 1);
  Executable executable(tracer.program(), context);
  fill_parameters(executable, context.device);
  executable.run();
  const Numbers numbers = read(executable, context.device, x);
  const Numbers slopes = read(executable, context.device, gradient);
  CHECK(*std::min_element(numbers.begin(), numbers.end()) < 0.0);
  CHECK(*std::max_element(numbers.begin(), numbers.end()) > 0.0);
  for (std::size_t i = 0; i < slopes.size(); ++i) {
    const double weight = cases::projection_weight(static_cast<std::int64_t>(i));
    CHECK(slopes[i] == Approx(numbers[i] > 0.0 ? 2.0 * weight : weight).epsilon(1e-14));
  }
}

TEST_CASE("branches that do not reach the loss get no backward steps and no gradient") {
  Tracer tracer(Mode::training, DataType::float64);
  const ValueId used = tracer.parameter("used", {5}, ParameterRole::weight, Initializer::ones);
  const ValueId unused = tracer.parameter("unused", {5}, ParameterRole::weight, Initializer::ones);
  ops::leaky_relu(tracer, unused, 0.1);
  const ValueId loss = ops::reduce_mean(tracer, ops::relu(tracer, used));
  const auto gradients = gradients_of(tracer, loss, {used, unused});
  CHECK(gradients.at(used) != no_value);
  CHECK(gradients.at(unused) == no_value);
  CHECK(count_steps(tracer.program(), operations::activation_backward) == 1);
}

TEST_CASE("images need no gradient: the first convolution has no backward pass to its input") {
  Tracer tracer(Mode::training);
  const ValueId images = tracer.input("images", {2, 6, 6, 3}, DataType::float32);
  const ValueId first = tracer.parameter("first", {4, 3, 3, 3}, ParameterRole::weight, Initializer::he_normal_fan_out);
  const ValueId second =
      tracer.parameter("second", {4, 3, 3, 4}, ParameterRole::weight, Initializer::he_normal_fan_out);
  const ValueId y = ops::convolution(tracer, ops::convolution(tracer, images, first, 1, 1), second, 1, 1);
  const auto gradients = gradients_of(tracer, cases::project(tracer, y), {first, second});
  CHECK(count_steps(tracer.program(), operations::convolution_backward_data) == 1);
  CHECK(count_steps(tracer.program(), operations::convolution_backward_weights) == 2);
  CHECK(gradients.size() == 2);
}

TEST_CASE("only a scalar is differentiated, and only through operations that have a rule") {
  Tracer tracer(Mode::training, DataType::float64);
  const ValueId x = tracer.parameter("x", {3, 4}, ParameterRole::weight, Initializer::ones);
  const ValueId y = ops::relu(tracer, x);
  const ValueId seed = ops::constant(tracer, 1.0, 1, DataType::float64);
  REQUIRE_THROWS_AS(differentiate(tracer.program(), y, seed, {x}, operations::add), Error);

  // projection_backward is such an operation without a rule.
  const ValueId scalar = cases::project(tracer, y);
  const ValueId spread = tracer.emit_one(cases::projection_backward, {scalar}, {{"shape", {3.0}}});
  const ValueId loss = cases::project(tracer, spread);
  try {
    gradients_of(tracer, loss, {x});
    CHECK(false);
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(std::string(error.what()).find("projection_backward") != std::string::npos);
  }
}

TEST_CASE("a gradient rule must give its input a gradient of the same shape and element type") {
  static DataType made = DataType::float64;
  const Operation copy{
      .name = "copy",
      .infer = [](const StepTypes& step) { return std::vector<ValueType>{*step.inputs[0]}; },
      .gradient =
          [](GradientBuilder& builder) {
            builder.input_gradient(
                0, builder
                       .emit(operations::constant, {},
                             {{"value", {1.0}}, {"count", {3.0}}, {"element", {static_cast<double>(made)}}})
                       .front());
          }};
  const auto differentiate_copy = [&](std::int64_t count) {
    Tracer tracer(Mode::training, DataType::float64);
    const ValueId x = tracer.parameter("x", {count}, ParameterRole::weight, Initializer::ones);
    gradients_of(tracer, cases::project(tracer, tracer.emit_one(copy, {x})), {x});
  };
  made = DataType::float64;
  differentiate_copy(3);
  REQUIRE_THROWS_AS(differentiate_copy(4), Error);
  made = DataType::float32;
  REQUIRE_THROWS_AS(differentiate_copy(3), Error);
}

TEST_CASE("statistics of a batch that are used outside of a batch norm have no gradient, and say so") {
  Tracer tracer(Mode::training, DataType::float64);
  const ValueId x = tracer.parameter("x", {2, 3, 3, 4}, ParameterRole::weight, Initializer::ones);
  const ValueId mean = tracer.parameter("mean", {4}, ParameterRole::running_statistic, Initializer::zeros);
  const ValueId variance = tracer.parameter("variance", {4}, ParameterRole::running_statistic, Initializer::ones);
  const std::vector<ValueId> statistics =
      tracer.emit(operations::batch_norm_statistics, {x, mean, variance}, {{"epsilon", {1e-5}}, {"momentum", {0.1}}});
  const ValueId loss = cases::project(tracer, statistics[0]);
  try {
    gradients_of(tracer, loss, {x});
    CHECK(false);
  } catch (const Error& error) {
    INFO(error.what());
    CHECK(std::string(error.what()).find("only as parts of their batch norm") != std::string::npos);
  }
}

TEST_CASE("the gradient of a cast has the type of what was cast") {
  Tracer tracer(Mode::training, DataType::float64);
  const ValueId x = tracer.parameter("x", {7}, ParameterRole::weight, Initializer::ones);
  const ValueId narrow = ops::cast(tracer, x, DataType::float32);
  const ValueId loss = cases::project(tracer, ops::cast(tracer, narrow, DataType::float64));
  const ValueId gradient = gradients_of(tracer, loss, {x}).at(x);
  CHECK(tracer.type(gradient) == tracer.type(x));
  CHECK(count_steps(tracer.program(), operations::cast) == 4);
}

TEST_CASE("a batch norm on running statistics has no gradient, and says so") {
  Tracer tracer(Mode::inference, DataType::float64);
  const ValueId x = tracer.parameter("x", {2, 3, 3, 4}, ParameterRole::weight, Initializer::ones);
  const ValueId loss = cases::project(tracer, norm(tracer, "norm", x));
  REQUIRE_THROWS_AS(gradients_of(tracer, loss, {x}), Error);
}

}  // namespace sleight::test

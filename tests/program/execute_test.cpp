#include "engine/program/execute.h"

#include <cmath>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/ops/ops.h"
#include "trial.h"

namespace sleight::test {
namespace {

// y = relu(x * weights^T + bias) of `rows` rows, on parameters that programs of any size share.
Program linear_program(std::int64_t rows) {
  Tracer tracer(Mode::training);
  const ValueId x = tracer.input("x", {rows, 3}, DataType::float32);
  const ValueId weights = tracer.parameter("weight", {5, 3}, ParameterRole::weight, Initializer::uniform_fan_in);
  const ValueId bias = tracer.parameter("bias", {5}, ParameterRole::bias, Initializer::ones);
  tracer.result(ops::relu(tracer, ops::linear(tracer, x, weights, bias)), "y");
  return tracer.program();
}

std::vector<float> batch_of(std::int64_t rows) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < rows * 3; ++i)
    values.push_back(static_cast<float>(i % 7) - 3.0F);
  return values;
}

std::vector<float> result_of(Executable& executable) {
  executable.run();
  const auto result = executable.result<float>("y");
  return {result.begin(), result.end()};
}

template <class Function>
std::string message_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("plans of two sizes share parameters and one arena, which grows under the smaller one") {
  Context context("cpu", 7);
  const std::vector<float> small_batch = batch_of(2), large_batch = batch_of(400);
  Executable small(linear_program(2), context);
  small.bind("x", small_batch.data());
  const std::vector<float> before = result_of(small);
  const std::int64_t small_arena = context.arena.size();

  Executable large(linear_program(400), context);
  CHECK(context.arena.size() > small_arena);
  CHECK(context.store.names() == std::vector<std::string>{"weight", "bias"});
  large.bind("x", large_batch.data());
  context.arena.poison();
  const std::vector<float> rows = result_of(large);
  context.arena.poison();
  CHECK(result_of(small) == before);
  // The first rows of both batches are equal, so are their results (the library may add up in another order).
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK(rows[i] == Approx(before[i]).epsilon(1e-5));
  context.arena.poison();
  CHECK(result_of(large) == rows);
}

TEST_CASE("programs that disagree on a parameter are refused, naming it") {
  Context context("cpu", 7);
  const Executable first(linear_program(2), context);
  Tracer tracer(Mode::training);
  const ValueId other = tracer.parameter("bias", {6}, ParameterRole::bias, Initializer::ones);
  tracer.result(ops::relu(tracer, other), "y");
  const std::string message = message_of([&] { const Executable second(tracer.program(), context); });
  CHECK(message.find("'bias'") != std::string::npos);
  CHECK(message.find("float32[6]") != std::string::npos);
}

TEST_CASE("an input is bound by name, before the run, and can be bound again") {
  Context context("cpu", 7);
  Executable executable(linear_program(2), context);
  CHECK(message_of([&] { executable.run(); }).find("'x' was not bound") != std::string::npos);
  const std::vector<float> batch = batch_of(2);
  std::vector<float> other = batch;
  for (float& value : other)
    value = -value;
  CHECK(message_of([&] { executable.bind("nonsense", batch.data()); }).find("nonsense") != std::string::npos);
  CHECK(message_of([&] { executable.bind("weight", batch.data()); }).find("not an input") != std::string::npos);
  executable.bind("x", batch.data());
  const std::vector<float> first = result_of(executable);
  executable.bind("x", other.data());
  const std::vector<float> second = result_of(executable);
  CHECK(first != second);
  executable.bind("x", batch.data());
  CHECK(result_of(executable) == first);
}

TEST_CASE("results are read by name and by their own type") {
  Context context("cpu", 7);
  Executable executable(linear_program(2), context);
  const std::vector<float> batch = batch_of(2);
  executable.bind("x", batch.data());
  executable.run();
  CHECK(executable.result<float>("y").size() == 10);
  CHECK(message_of([&] { executable.result<double>("y"); }).find("read as float64") != std::string::npos);
  CHECK(message_of([&] { executable.result<float>("x"); }).find("no result named 'x'") != std::string::npos);
}

TEST_CASE("an error inside a step names the step") {
  Tracer tracer(Mode::training);
  const ValueId logits = tracer.input("logits", {2, 3}, DataType::float32);
  const ValueId label = tracer.input("label", {2}, DataType::int32);
  {
    const auto scope = tracer.scope("head");
    tracer.result(ops::label_rank(tracer, logits, label), "rank");
  }
  Context context("cpu", 1);
  Executable executable(tracer.program(), context);
  const std::vector<float> numbers(6, 1.0F);
  const std::vector<std::int32_t> labels = {1, 17};
  executable.bind("logits", numbers.data());
  executable.bind("label", labels.data());
  const std::string message = message_of([&] { executable.run(); });
  INFO(message);
  CHECK(message.find("label_rank 'head'") != std::string::npos);
  CHECK(message.find("17") != std::string::npos);
}

TEST_CASE("phases run apart, and every step is reported") {
  Tracer tracer(Mode::training, DataType::float64);
  const ValueId x = tracer.parameter("x", {6}, ParameterRole::weight, Initializer::ones);
  const ValueId loss = ops::reduce_mean(tracer, ops::relu(tracer, x));
  tracer.phase = Phase::backward;
  const ValueId seed = ops::constant(tracer, 1.0, 1, DataType::float64);
  tracer.result(differentiate(tracer.program(), loss, seed, {x}, operations::add).at(x), "gradient");
  tracer.result(loss, "loss");
  Context context("cpu", 1);
  Executable executable(tracer.program(), context);
  std::vector<std::size_t> seen;
  const auto watch = [&](std::size_t step) { seen.push_back(step); };
  executable.run_observed(Phase::forward, watch);
  CHECK(seen == std::vector<std::size_t>{0, 1});
  CHECK(executable.result<double>("loss")[0] == 1.0);
  executable.run_observed(Phase::backward, watch);
  CHECK(seen == std::vector<std::size_t>{0, 1, 2, 3, 4});
  CHECK(executable.result<double>("gradient")[5] == Approx(1.0 / 6.0));
}

TEST_CASE("live scalars reach a plan that was made before they changed") {
  Tracer tracer(Mode::training);
  const ValueId x = tracer.parameter("x", {5}, ParameterRole::weight, Initializer::ones);
  const ValueId momentum = tracer.parameter("momentum", {5}, ParameterRole::optimizer_state, Initializer::zeros);
  const ValueId gradient = tracer.input("gradient", {5}, DataType::float32);
  const ops::SgdParameter entry{.parameter = x, .gradient = gradient, .momentum = momentum};
  ops::sgd(tracer, std::span(&entry, 1), false);
  Context context("cpu", 1);
  Executable executable(tracer.program(), context);
  const std::vector<float> ones(5, 1.0F);
  executable.bind("gradient", ones.data());
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0);
  for (const double rate : {0.5, 0.25}) {
    context.set_live_scalar(kernels::LiveScalar::learning_rate, rate);
    executable.run();
  }
  CHECK(read(executable, context.device, x) == Numbers(5, 0.25));
}

TEST_CASE("a parameter prefix evaluates other weights") {
  Context context("cpu", 7);
  const std::vector<float> batch = batch_of(2);
  Executable own(linear_program(2), context);
  Executable averaged(linear_program(2), context, {.fuse = true, .parameter_prefix = "average."});
  CHECK(context.store.contains("average.weight"));
  write(averaged, context.device, averaged.program().find("bias"), Numbers(5, 1000.0));
  own.bind("x", batch.data());
  averaged.bind("x", batch.data());
  const std::vector<float> from_own = result_of(own);
  const std::vector<float> from_averaged = result_of(averaged);
  for (std::size_t i = 0; i < from_own.size(); ++i) {
    CHECK(std::abs(from_own[i]) < 100.0F);
    CHECK(from_averaged[i] > 900.0F);
  }
}

}  // namespace sleight::test

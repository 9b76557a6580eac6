// Zero gamma and no bias decay: tricks that look at what each parameter of a model is for.
#include <cmath>
#include <vector>

#include "catch2_adapter.h"
#include "engine/ops/ops.h"
#include "engine/program/execute.h"
#include "made_trick.h"
#include "tests/base/error_message.h"
#include "tricks/no_bias_decay.h"
#include "tricks/zero_gamma.h"

using namespace sleight;
using namespace sleight::test;

namespace {

struct Model {
  Tracer trace{Mode::training};
  ValueId convolution, gamma, last_gamma, beta, mean, weight, bias, momentum;

  explicit Model(bool marks_last = true) {
    convolution = trace.parameter("convolution.weight", {6, 3, 3, 5}, ParameterRole::weight, Initializer::ones);
    gamma = trace.parameter("norm1.weight", {6}, ParameterRole::norm_scale, Initializer::ones);
    last_gamma = trace.parameter("norm2.weight", {7}, ParameterRole::norm_scale, Initializer::ones, marks_last);
    beta = trace.parameter("norm2.bias", {7}, ParameterRole::norm_shift, Initializer::ones);
    mean = trace.parameter("norm2.running_mean", {7}, ParameterRole::running_statistic, Initializer::ones);
    weight = trace.parameter("linear.weight", {4, 7}, ParameterRole::weight, Initializer::ones);
    bias = trace.parameter("linear.bias", {4}, ParameterRole::bias, Initializer::ones);
  }
};

void zero_gamma(ZeroGamma& trick, Program& program) {
  UpdateOptions options;
  trick.change_update(options);
  for (const auto& change : options.change_initializers)
    change(program);
}

Receipt no_bias_decay_receipt(const Program& program) {
  NoBiasDecay trick = made<NoBiasDecay>("no-bias-decay = true");
  Arrived arrived;
  arrived.program = program;
  trick.count(arrived.step(0));
  return only_receipt(trick);
}

// Each trainable parameter once, with a gradient that is an input and filled with zeros: only decay moves it.
std::vector<std::string> trace_update(Tracer& trace, bool no_bias_decay) {
  UpdateOptions options;
  if (no_bias_decay) made<NoBiasDecay>("no-bias-decay = true").change_update(options);
  std::vector<ops::SgdParameter> updates;
  std::vector<std::string> gradients;
  const std::vector<Parameter> parameters = trace.program().parameters;
  for (const Parameter& parameter : parameters) {
    if (!parameter.trainable()) continue;
    const std::string name = trace.program().value(parameter.value).name;
    const Shape shape = trace.shape(parameter.value);
    gradients.push_back("gradient of " + name);
    updates.push_back({parameter.value, trace.input(gradients.back(), shape, DataType::float32),
                       trace.parameter("momentum." + name, shape, ParameterRole::optimizer_state, Initializer::zeros),
                       options.decays.empty() || options.decays.front()(parameter)});
  }
  ops::sgd(trace, updates, false);
  return gradients;
}

float first_number(const PersistentStore& store, const std::string& name) {
  const std::vector<std::byte> bytes = store.read(name);
  float number = 0.0F;
  std::copy_n(bytes.begin(), sizeof(number), reinterpret_cast<std::byte*>(&number));
  return number;
}

}  // namespace

TEST_CASE("zero gamma: exactly the marked scales start at zero") {
  Model model;
  ZeroGamma trick = made<ZeroGamma>("zero-gamma = true");
  CHECK(only_receipt(trick).fired == 0);
  zero_gamma(trick, model.trace.program());
  const Receipt receipt = only_receipt(trick);
  CHECK(receipt.fired == 1);
  CHECK(receipt.count("gammas zeroed") == 1.0);
  CHECK(receipt.count("elements") == 7.0);

  trace_update(model.trace, true);
  Context context("cpu", 0);
  const Executable executable(model.trace.program(), context);
  CHECK(first_number(context.store, "norm2.weight") == 0.0F);
  for (const char* other : {"norm1.weight", "norm2.bias", "convolution.weight", "linear.weight", "linear.bias"}) {
    CHECK(first_number(context.store, other) == 1.0F);
  }
}

TEST_CASE("zero gamma: a model without marked scales is an error, not a trick that quietly does nothing") {
  Model model(false);
  ZeroGamma trick = made<ZeroGamma>("zero-gamma = true");
  CHECK(contains(error_message([&] { zero_gamma(trick, model.trace.program()); }), "residual branch"));

  Tracer wrong(Mode::training);
  wrong.parameter("weight", {3}, ParameterRole::weight, Initializer::ones, true);
  CHECK(contains(error_message([&] { zero_gamma(trick, wrong.program()); }), "'weight'"));
}

TEST_CASE("no bias decay: only weights of convolutions and linear layers decay") {
  Model model;
  const std::vector<std::string> gradients = trace_update(model.trace, true);
  Context context("cpu", 0);
  Executable executable(model.trace.program(), context);
  const std::vector<float> zeros(6 * 3 * 3 * 5);
  for (const std::string& gradient : gradients)
    executable.bind(gradient, zeros.data());
  context.set_live_scalar(kernels::LiveScalar::learning_rate, 0.5);
  context.set_live_scalar(kernels::LiveScalar::momentum, 0.9);
  context.set_live_scalar(kernels::LiveScalar::weight_decay, 0.25);
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0);
  executable.run();
  for (const char* decayed : {"convolution.weight", "linear.weight"}) {
    CHECK(std::abs(first_number(context.store, decayed) - 0.875F) <= 1e-6F);
  }
  for (const char* spared : {"norm1.weight", "norm2.weight", "norm2.bias", "linear.bias"}) {
    CHECK(first_number(context.store, spared) == 1.0F);
  }

  const Receipt receipt = no_bias_decay_receipt(executable.program());
  CHECK(receipt.fired == 4);
  CHECK(receipt.count("tensors without decay") == 4.0);
  CHECK(receipt.count("elements without decay") == 6.0 + 7.0 + 7.0 + 4.0);
  CHECK(receipt.count("tensors with decay") == 2.0);
}

TEST_CASE("no bias decay: a program that decays everything shows in the receipt") {
  Model model;
  trace_update(model.trace, false);
  const Receipt receipt = no_bias_decay_receipt(model.trace.program());
  CHECK(receipt.fired == 0);
  CHECK(receipt.count("tensors with decay") == 6.0);
  CHECK(contains(error_message([&] { check_receipts({{receipt}}); }), "no bias decay"));
}

TEST_CASE("no bias decay: a run that stopped before its first update still has a receipt at its end") {
  Model model;
  trace_update(model.trace, true);
  NoBiasDecay trick = made<NoBiasDecay>("no-bias-decay = true");
  trick.restore(made<NoBiasDecay>("no-bias-decay = true").receipts());
  Arrived arrived;
  arrived.program = model.trace.program();
  trick.count(arrived.step(2));
  CHECK(only_receipt(trick).fired == 4);
}

TEST_CASE("no bias decay: a model of weights alone is an excuse where nobody asked for it") {
  Tracer tracer(Mode::training);
  tracer.parameter("weight", {3}, ParameterRole::weight, Initializer::ones);
  trace_update(tracer, true);
  Arrived arrived;
  arrived.program = tracer.program();
  TrainingKind kind = bare_kind;
  kind.tricks = TrickSet::standard;
  NoBiasDecay by_default = made<NoBiasDecay>("", kind);
  by_default.count(arrived.step(0));
  CHECK(error_message([&] { check_receipts(by_default.receipts()); }).empty());
  const Receipt by_name = no_bias_decay_receipt(tracer.program());
  CHECK(contains(error_message([&] { check_receipts({{by_name}}); }), "no bias decay: 0 tensors without decay"));
}

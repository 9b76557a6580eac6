// The moving average of the weights (tricks/ema.h), run on the cpu.
#include <cmath>
#include <cstring>
#include <vector>

#include "catch2_adapter.h"
#include "engine/program/execute.h"
#include "made_trick.h"
#include "tests/base/error_message.h"
#include "tricks/ema.h"

using namespace sleight;
using namespace sleight::test;

namespace {

std::vector<double> numbers(const PersistentStore& store, const std::string& name) {
  const std::vector<std::byte> bytes = store.read(name);
  std::vector<double> values(bytes.size() / sizeof(double));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

void write(PersistentStore& store, const std::string& name, double value) {
  const std::vector<double> values(numbers(store, name).size(), value);
  store.write(name, std::as_bytes(std::span(values)));
}

Ema ema_of(const std::string& decay, bool warm_up = false) {
  return made<Ema>("ema = " + decay + "\nema-warmup = " + (warm_up ? "true" : "false"));
}

// A step of a program that updates averages.
struct AveragingStep : Arrived {
  AveragingStep() {
    Tracer trace(Mode::training);
    trace.parameter("weight", {1}, ParameterRole::weight, Initializer::ones);
    trace_averages(trace);
    program = trace.program();
  }

  void take(Ema& ema, std::int64_t at) {
    ema.set_live_scalars(context, at);
    ema.count(step(at));
  }
};

}  // namespace

TEST_CASE("moving average: weights and running statistics are averaged, nothing else") {
  Tracer trace(Mode::training, DataType::float64);
  {
    const auto scope = trace.scope("layer");
    trace.parameter("weight", {3, 5}, ParameterRole::weight, Initializer::ones);
    trace.parameter("bias", {5}, ParameterRole::bias, Initializer::ones);
    trace.parameter("scale", {5}, ParameterRole::norm_scale, Initializer::ones);
    trace.parameter("shift", {1}, ParameterRole::norm_shift, Initializer::ones);
    trace.parameter("running_mean", {7}, ParameterRole::running_statistic, Initializer::ones);
  }
  trace.parameter("momentum.layer.weight", {3, 5}, ParameterRole::optimizer_state, Initializer::zeros);
  Ema ema = ema_of("0.75");
  UpdateOptions change;
  ema.change_update(change);
  change.after_update.at(0)(trace);
  CHECK(trace.phase == Phase::forward);
  REQUIRE(trace.program().parameters.size() == 11);
  CHECK(trace.program().steps.back().phase == Phase::update);

  Context context("cpu", 1);
  Executable executable(trace.program(), context);
  PersistentStore& store = context.store;
  CHECK_FALSE(store.contains("average.momentum.layer.weight"));
  const std::vector<std::string> names = {"layer.weight", "layer.bias", "layer.scale", "layer.shift",
                                          "layer.running_mean"};
  const std::vector<double> weights = {2.0, 6.0, -4.0};
  // The first update copies; then 0.75 * 2 + 0.25 * 6 = 3 and 0.75 * 3 - 0.25 * 4 = 1.25.
  const std::vector<double> averages = {2.0, 3.0, 1.25};
  for (std::size_t update = 0; update < weights.size(); ++update) {
    for (const std::string& name : names) {
      write(store, name, weights[update]);
      if (update == 0) write(store, "average." + name, 1e6);  // whatever was there before
    }
    ema.set_live_scalars(context, static_cast<std::int64_t>(update));
    executable.run();
    ema.count({.place = {}, .context = context, .program = executable.program()});
    for (const std::string& name : names) {
      CAPTURE(name, update);
      const std::vector<double> average = numbers(store, "average." + name);
      REQUIRE(average.size() == numbers(store, name).size());
      for (const double value : average)
        CHECK(std::abs(value - averages[update]) <= 1e-12);
      for (const double value : numbers(store, name))
        CHECK(value == weights[update]);
    }
  }
  CHECK(only_receipt(ema).fired == 3);
  CHECK(only_receipt(ema).count("updates") == 3.0);
}

TEST_CASE("moving average: the decay of each update, with and without warm-up, over a resume too") {
  const Ema plain = ema_of("0.999");
  CHECK(plain.decay_at(0) == 0.0);
  CHECK(plain.decay_at(1) == 0.999);
  CHECK(plain.decay_at(1000000) == 0.999);
  const Ema warmed = ema_of("0.9", true);
  CHECK(warmed.decay_at(0) == 0.0);
  CHECK(warmed.decay_at(1) == Approx(2.0 / 11.0));
  CHECK(warmed.decay_at(8) == Approx(0.5));
  CHECK(warmed.decay_at(79) == Approx(80.0 / 89.0));
  CHECK(warmed.decay_at(81) == 0.9);
  CHECK(warmed.decay_at(5000) == 0.9);

  AveragingStep averaging;
  Ema first = ema_of("0.9", true);
  for (int i = 0; i < 8; ++i)
    averaging.take(first, i);
  const auto next_decay = [&](const Ema& ema) {
    ema.set_live_scalars(averaging.context, 0);
    return averaging.context.live_scalar(kernels::LiveScalar::ema_decay);
  };
  CHECK(next_decay(first) == Approx(0.5));
  Ema resumed = ema_of("0.9", true);
  CHECK(next_decay(resumed) == 0.0F);
  resumed.restore(first.receipts());
  CHECK(next_decay(resumed) == next_decay(first));
  CHECK((resumed.receipts() == first.receipts()));
}

TEST_CASE("moving average: an update that is not in the program, or has another decay, is not counted") {
  Ema ema = ema_of("0.9");
  Arrived without;
  ema.set_live_scalars(without.context, 0);
  ema.count(without.step(0));
  CHECK(only_receipt(ema).fired == 0);
  CHECK(contains(error_message([&] { check_receipts(ema.receipts()); }), "moving average"));
  AveragingStep averaging;
  averaging.take(ema, 0);
  CHECK(only_receipt(ema).fired == 1);
  averaging.context.set_live_scalar(kernels::LiveScalar::ema_decay, 0.5);
  CHECK(contains(error_message([&] { ema.count(averaging.step(1)); }), "decay 0.5 instead of 0.9"));
}

TEST_CASE("moving average: what cannot work is refused") {
  for (const char* decay : {"1.0", "-0.5", "1.5", "nan"})
    CHECK(contains(error_message([&] { ema_of(decay); }), "--ema"));
  CHECK_FALSE(ema_of("0.0").is_on());
  Tracer empty(Mode::training);
  CHECK(contains(error_message([&] { trace_averages(empty); }), "no parameters"));
  Tracer inside(Mode::training);
  inside.parameter("weight", {1}, ParameterRole::weight, Initializer::ones);
  const auto scope = inside.scope("layer");
  CHECK(contains(error_message([&] { trace_averages(inside); }), "'layer'"));
}

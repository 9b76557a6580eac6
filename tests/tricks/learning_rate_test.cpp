#include "tricks/learning_rate.h"

#include <array>
#include <cmath>
#include <vector>

#include "catch2_adapter.h"
#include "made_trick.h"
#include "tests/base/error_message.h"
#include "tricks/cosine_decay.h"
#include "tricks/step_decay.h"

using namespace sleight;
using namespace sleight::test;

namespace {

void check_table(const RateSchedule& rate, const std::vector<double>& table) {
  rate.check();
  for (std::size_t i = 0; i < table.size(); ++i) {
    CAPTURE(i, rate.at(static_cast<std::int64_t>(i)), table[i]);
    CHECK(std::abs(rate.at(static_cast<std::int64_t>(i)) - table[i]) <= 1e-9);
  }
}

}  // namespace

TEST_CASE("learning rate: warm-up and cosine agree with a table made by hand, no iteration is shifted") {
  // 4 iterations up to 0.4, then 6 down: cos of 0, 30, 60, 90, 120, 150 degrees; 0 once the tenth is done.
  check_table({.base_rate = 0.4, .iterations = 10, .warm_up_iterations = 4},
              {0.1, 0.2, 0.3, 0.4, 0.4, 0.373205080757, 0.3, 0.2, 0.1, 0.026794919243, 0.0});
}

TEST_CASE("learning rate: without warm-up the first iteration has the base rate and the last is not wasted") {
  check_table({.base_rate = 1.0, .iterations = 4}, {1.0, 0.853553390593, 0.5, 0.146446609407, 0.0});
  check_table({.base_rate = 0.3, .iterations = 1}, {0.3, 0.0});
}

TEST_CASE("learning rate: a warm-up of one iteration") {
  check_table({.base_rate = 0.5, .iterations = 3, .warm_up_iterations = 1}, {0.5, 0.5, 0.25, 0.0});
}

TEST_CASE("learning rate: darknet's warm-up rises with the fourth power") {
  check_table({.base_rate = 16.0, .iterations = 8, .warm_up_iterations = 4, .warm_up = &warm_up_form("power4")},
              {0.0625, 1.0, 5.0625, 16.0, 16.0, 13.656854249492, 8.0, 2.343145750508, 0.0});
}

TEST_CASE("learning rate: step decay takes effect with the first iteration after its epoch") {
  check_table(
      {.base_rate = 1.0, .iterations = 8, .warm_up_iterations = 2, .decay = &decay_form("step"), .milestones = {4, 6}},
      {0.5, 1.0, 1.0, 1.0, 0.1, 0.1, 0.01, 0.01});
  check_table(
      {.base_rate = 1.0, .iterations = 4, .decay = &decay_form("step"), .milestones = {1}, .step_multiplier = 0.5},
      {1.0, 0.5, 0.5, 0.5});
}

TEST_CASE("learning rate: factors at the edges are finite and within [0, 1]") {
  for (const WarmUpForm& form : warm_up_forms()) {
    for (const std::int64_t n : {0, 1, 2, 7}) {
      const RateSchedule rate{.base_rate = 1.0,
                              .iterations = 100,
                              .warm_up_iterations = n,
                              .warm_up = &form,
                              .decay = &decay_form("step"),
                              .milestones = {99}};
      double last = 0.0;
      for (std::int64_t i = 0; i < 10; ++i) {
        CAPTURE(form.name, n, i);
        const double factor = rate.at(i);
        CHECK((factor > 0.0 && factor <= 1.0));
        CHECK(factor >= last);
        CHECK((factor == 1.0) == (i + 1 >= n));
        last = factor;
      }
    }
  }
  CHECK(cosine_factor(0, 0) == 1.0);
  CHECK(cosine_factor(3, -2) == 1.0);
  CHECK(cosine_factor(-1, 5) == 1.0);
  CHECK(cosine_factor(5, 5) == 0.0);
  CHECK(cosine_factor(9, 5) == 0.0);
  CHECK(step_factor(100, {}) == 1.0);
}

TEST_CASE("learning rate: epochs become iterations, fractions too") {
  CHECK(iterations_of(5.0, 391) == 1955);
  CHECK(iterations_of(0.5, 391) == 196);
  CHECK(iterations_of(0.0, 391) == 0);
  CHECK(iterations_of(0.1, 1) == 0);
}

TEST_CASE("learning rate: schedules that make no sense are refused") {
  const auto refused = [](const RateSchedule& rate) { return error_message([&] { rate.check(); }); };
  CHECK(contains(refused({.base_rate = 0.1, .iterations = 10, .warm_up_iterations = 10}), "warm-up of 10"));
  CHECK(contains(refused({.base_rate = 0.1, .iterations = 10, .warm_up_iterations = 11}), "warm-up of 11"));
  CHECK(contains(refused({.base_rate = 0.1, .iterations = 10, .warm_up_iterations = -1}), "-1"));
  CHECK(contains(refused({.base_rate = 0.0, .iterations = 10}), "positive"));
  CHECK(contains(refused({.base_rate = std::nan(""), .iterations = 10}), "positive"));
  CHECK(contains(refused({.base_rate = 0.1, .iterations = 0}), "iteration"));
  CHECK(contains(refused({.iterations = 10, .decay = &decay_form("step")}), "epoch"));
  CHECK(contains(refused({.iterations = 10, .decay = &decay_form("step"), .milestones = {6, 3}}), "ascending"));
  CHECK(contains(refused({.iterations = 10, .decay = &decay_form("step"), .milestones = {3}, .step_multiplier = 10.0}),
                 "10"));
  CHECK(refused({.iterations = 10, .warm_up_iterations = 9}).empty());

  for (const char* name : {"cosine", "step"})
    CHECK(decay_form(name).name == name);
  for (const char* name : {"linear", "power4"})
    CHECK(warm_up_form(name).name == name);
  CHECK(contains(error_message([] { decay_form("linear"); }), "'cosine', 'step', got 'linear'"));
  CHECK(contains(error_message([] { warm_up_form("cosine"); }), "'linear', 'power4', got 'cosine'"));
}

namespace {

// A training of one epoch of 10 steps.
LearningRate rate_of(const std::string& settings) {
  LearningRate rate = resolved<LearningRate>(settings, {.tricks = TrickSet::none, .epochs = 1});
  rate.begin({.epochs = 1, .steps_per_epoch = 10, .batch_size = 64});
  return rate;
}

void train(LearningRate& rate, std::int64_t first, std::int64_t end) {
  Arrived arrived;
  for (std::int64_t i = first; i < end; ++i) {
    rate.set_live_scalars(arrived.context, i);
    rate.count(arrived.step(i));
  }
}

}  // namespace

TEST_CASE("learning rate: receipts say how long each part ran, over a resume too") {
  const std::string settings =
      "learning-rate = 0.4\nschedule = \"cosine\"\nwarmup-epochs = 0.4\nlinear-scaling = true\n";
  LearningRate first = rate_of(settings);
  train(first, 0, 6);
  LearningRate resumed = rate_of(settings);
  resumed.restore(first.receipts());
  train(resumed, 6, 10);
  LearningRate whole = rate_of(settings);
  train(whole, 0, 10);
  CHECK((resumed.receipts() == whole.receipts()));
  const std::vector<Receipt> receipts = resumed.receipts();
  REQUIRE(receipts.size() == 3);
  CHECK(find_receipt(receipts, "warm-up").fired == 4);
  CHECK(find_receipt(receipts, "cosine decay").fired == 6);
  CHECK(find_receipt(receipts, "cosine decay").count("last rate") == Approx(0.026794919243 / 4));
  CHECK(find_receipt(receipts, "linear scaling").fired == 10);
  CHECK(find_receipt(receipts, "linear scaling").count("times the base rate") == 0.25);

  // The schedule was computed, but the step ran with another rate.
  Arrived arrived;
  arrived.context.set_live_scalar(kernels::LiveScalar::learning_rate, 0.4);
  CHECK(contains(error_message([&] { resumed.count(arrived.step(0)); }), "iteration 1 "));
}

TEST_CASE("learning rate: milestones that the training does not reach are refused before it") {
  const std::string settings = "learning-rate = 1.0\nschedule = \"step\"\n";
  const std::string message = error_message([&] { rate_of(settings + "milestones = [3.0]\n"); });
  CAPTURE(message);
  CHECK(contains(message, "--schedule step would never lower the learning rate"));
  CHECK(contains(message, "--milestones"));
  // Where nobody asked for it, a short training goes on without, says so, and is no failure.
  TrainingKind kind = bare_kind;
  kind.epochs = 1;
  LearningRate by_default = resolved<LearningRate>("", kind);
  by_default.begin(plan_of(1, 1));
  CHECK(contains(by_default.description().at(1), "not in this run: it begins after step 1, and step 1 is the last"));
  CHECK(contains(only_receipt(by_default).excuse, "after step 1"));
  CHECK(error_message([&] { check_receipts(by_default.receipts()); }).empty());
  // A step more, and it must happen.
  by_default.begin(plan_of(1, 4));
  CHECK(contains(error_message([&] { check_receipts(by_default.receipts()); }), "step decay: 0 iterations"));
  LearningRate reduced = rate_of(settings + "milestones = [0.8]\n");
  train(reduced, 0, 10);
  CHECK(reduced.receipts()[0].fired == 2);
}

TEST_CASE("learning rate: a warm-up of less than half a step is refused where it was asked for") {
  CHECK(contains(error_message([] { made<LearningRate>("warmup-epochs = 0.01"); }), "--warmup-epochs 0.01 is less"));
  TrainingKind kind = bare_kind;
  kind.tricks = TrickSet::standard;
  LearningRate by_default = resolved<LearningRate>("", kind);
  by_default.begin(plan_of(10, 1));
  CHECK(contains(by_default.description().back(), "warm-up: 1 epoch"));
  kind.epochs = 2;
  by_default = resolved<LearningRate>("", kind);
  by_default.begin(plan_of(2, 2));
  CHECK(contains(by_default.description().back(), "warm-up: none, 0.2 epochs are less than half a step"));
}

TEST_CASE("learning rate: a warm-up whose steps were all skipped is no failure") {
  LearningRate rate = rate_of("learning-rate = 1.0\nschedule = \"cosine\"\nwarmup-epochs = 0.2\n");
  CHECK(contains(error_message([&] { check_receipts(rate.receipts()); }), "warm-up: 0 iterations"));
  train(rate, 2, 10);
  CHECK(error_message([&] { check_receipts(rate.receipts()); }).empty());
  LearningRate resumed = rate_of("learning-rate = 1.0\nschedule = \"cosine\"\nwarmup-epochs = 0.2\n");
  resumed.restore(rate.receipts());
  CHECK((resumed.receipts() == rate.receipts()));
}

TEST_CASE("linear scaling: the rate follows the global batch, 256 is the reference") {
  CHECK(linearly_scaled_rate(0.1, 256) == 0.1);
  CHECK(linearly_scaled_rate(0.1, 1024) == Approx(0.4));
  CHECK(linearly_scaled_rate(0.2, 128) == Approx(0.1));
  CHECK(linearly_scaled_rate(0.1, 1) == Approx(0.1 / 256.0));
  CHECK(contains(error_message([] { linearly_scaled_rate(0.1, 0); }), "0.1 and 0"));
  CHECK(contains(error_message([] { linearly_scaled_rate(-0.1, 8); }), "-0.1"));

  // A rate that was not scaled is not counted.
  LinearScaling scaling(64);
  scaling.count(0.4, 0.4);
  CHECK(scaling.receipt().fired == 0);
  CHECK(contains(error_message([&] { check_receipts({{scaling.receipt()}}); }), "linear scaling"));
  scaling.count(0.1, 0.4);
  CHECK(scaling.receipt().fired == 1);
}

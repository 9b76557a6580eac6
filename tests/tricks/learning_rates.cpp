#include "tricks/learning_rate.h"

#include <array>
#include <cmath>
#include <vector>

#include "catch2_adapter.h"
#include "tests/base/error_message.h"
#include "tricks/cosine_decay.h"
#include "tricks/step_decay.h"

using namespace sleight;

namespace {

void check_table(const LearningRateOptions& options, const std::vector<double>& table) {
  const LearningRate rate(options);
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
  check_table({.base_rate = 16.0, .iterations = 8, .warm_up_iterations = 4, .warm_up = WarmUp::power4},
              {0.0625, 1.0, 5.0625, 16.0, 16.0, 13.656854249492, 8.0, 2.343145750508, 0.0});
}

TEST_CASE("learning rate: step decay takes effect with the first iteration after its epoch") {
  check_table({.base_rate = 1.0, .iterations = 8, .warm_up_iterations = 2, .decay = Decay::step, .milestones = {4, 6}},
              {0.5, 1.0, 1.0, 1.0, 0.1, 0.1, 0.01, 0.01});
  check_table({.base_rate = 1.0, .iterations = 4, .decay = Decay::step, .milestones = {1}, .step_multiplier = 0.5},
              {1.0, 0.5, 0.5, 0.5});
}

TEST_CASE("learning rate: factors at the edges are finite and within [0, 1]") {
  for (const WarmUp form : {WarmUp::linear, WarmUp::power4}) {
    for (const std::int64_t n : {0, 1, 2, 7}) {
      double last = 0.0;
      for (std::int64_t i = 0; i < 10; ++i) {
        CAPTURE(n, i);
        const double factor = warm_up_factor(form, i, n);
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
  const auto refused = [](LearningRateOptions options) { return error_message([&] { LearningRate rate(options); }); };
  CHECK(contains(refused({.base_rate = 0.1, .iterations = 10, .warm_up_iterations = 10}), "warm-up of 10"));
  CHECK(contains(refused({.base_rate = 0.1, .iterations = 10, .warm_up_iterations = 11}), "warm-up of 11"));
  CHECK(contains(refused({.base_rate = 0.1, .iterations = 10, .warm_up_iterations = -1}), "-1"));
  CHECK(contains(refused({.base_rate = 0.0, .iterations = 10}), "positive"));
  CHECK(contains(refused({.base_rate = std::nan(""), .iterations = 10}), "positive"));
  CHECK(contains(refused({.base_rate = 0.1, .iterations = 0}), "iteration"));
  CHECK(contains(refused({.iterations = 10, .decay = Decay::step}), "epoch"));
  CHECK(contains(refused({.iterations = 10, .decay = Decay::step, .milestones = {6, 3}}), "ascending"));
  CHECK(contains(refused({.iterations = 10, .decay = Decay::step, .milestones = {3}, .step_multiplier = 10.0}), "10"));
  CHECK(refused({.iterations = 10, .warm_up_iterations = 9}).empty());

  for (const char* name : {"cosine", "step"})
    CHECK(to_string(parse_decay(name)) == name);
  for (const char* name : {"linear", "power4"})
    CHECK(to_string(parse_warm_up(name)) == name);
  CHECK(contains(error_message([] { parse_decay("linear"); }), "'linear'"));
  CHECK(contains(error_message([] { parse_warm_up("cosine"); }), "'cosine'"));
}

TEST_CASE("learning rate: receipts say how long each part ran, over a resume too") {
  const LearningRateOptions options{.base_rate = 0.4, .iterations = 10, .warm_up_iterations = 4};
  LearningRate first(options);
  for (std::int64_t i = 0; i < 6; ++i)
    first.count(i, static_cast<float>(first.at(i)));
  LearningRate resumed(options);
  resumed.restore(first.receipts());
  for (std::int64_t i = 6; i < 10; ++i)
    resumed.count(i, static_cast<float>(resumed.at(i)));
  const std::vector<Receipt> receipts = resumed.receipts();
  REQUIRE(receipts.size() == 2);
  CHECK(find_receipt(receipts, "warm-up").fired == 4);
  CHECK(find_receipt(receipts, "cosine decay").fired == 6);
  CHECK(find_receipt(receipts, "cosine decay").count("last rate") == Approx(0.026794919243));

  // The schedule was computed, but the step ran with the base rate.
  CHECK(contains(error_message([&] { resumed.count(0, 0.4F); }), "iteration 0"));

  // A training too short for its first milestone: enabled, and nothing happened.
  LearningRate idle({.base_rate = 1.0, .iterations = 4, .decay = Decay::step, .milestones = {9}});
  for (std::int64_t i = 0; i < 4; ++i)
    idle.count(i, 1.0F);
  REQUIRE(idle.receipts().size() == 1);
  CHECK(contains(error_message([&] { check_receipts(idle.receipts()); }), "step decay"));
  LearningRate reduced({.base_rate = 1.0, .iterations = 4, .decay = Decay::step, .milestones = {2}});
  for (std::int64_t i = 0; i < 4; ++i)
    reduced.count(i, static_cast<float>(reduced.at(i)));
  CHECK(reduced.receipts()[0].fired == 2);
}

// Fused programs give the numbers of unfused ones. The tests derive themselves from the table: each rule brings a small
// program in which it must fire.
#include "engine/program/fuse.h"

#include <algorithm>
#include <array>

#include "catch2_adapter.h"
#include "engine/ops/ops.h"
#include "trial.h"

namespace sleight::test {

TEST_CASE("every fusion rule fires in its example and changes no number") {
  int rules = 0;
  for (const Operation* operation : operations::table()) {
    for (const FusionRule& rule : operation->fusion_rules) {
      ++rules;
      SECTION(std::string(rule.name)) {
        for (const DataType element : {DataType::float64, DataType::float32}) {
          INFO(name_of(element));
          const double tolerance = element == DataType::float64 ? 1e-12 : 1e-4;
          const Trial unfused = run_trial(rule.example, {.element = element, .fuse = false});
          const Trial fused = run_trial(rule.example, {.element = element});
          CHECK(unfused.fusions.empty());
          CHECK(fused.fusions.contains(rule.name));
          CHECK(compare(fused, unfused, tolerance) == "");
        }
        const Trial simt = run_trial(rule.example, {.device = "simt", .element = DataType::float32});
        CHECK(simt.fusions.contains(rule.name));
        CHECK(compare(simt, run_trial(rule.example, {.fuse = false}), 1e-4) == "");
      }
    }
  }
  CHECK(rules >= 5);
}

namespace {

// A random graph of residual blocks: batch norms, sums and activations of any earlier values, some used many times.
ValueId random_model(Tracer& tracer, std::uint64_t seed) {
  RandomStream random(seed, RandomPurpose::test);
  const Shape shape = {2, 3, 2, 3};
  std::vector<ValueId> values = {tracer.parameter("x", shape, ParameterRole::weight, Initializer::zeros),
                                 tracer.parameter("y", shape, ParameterRole::weight, Initializer::zeros)};
  // Mostly the newest value: long chains, in which rules meet each other.
  const auto any = [&] {
    const auto count = static_cast<std::int64_t>(values.size());
    return values[static_cast<std::size_t>(random.uniform() < 0.6 ? count - 1 : random.below(count))];
  };
  const std::int64_t steps = 3 + random.below(12);
  for (std::int64_t i = 0; i < steps; ++i) {
    const ValueId x = any();
    switch (random.below(4)) {
      case 0:
        values.push_back(norm(tracer, "norm" + std::to_string(i), x));
        break;
      case 1:
        values.push_back(ops::relu(tracer, norm(tracer, "norm" + std::to_string(i), x)));
        break;
      case 2:
        values.push_back(random.below(2) == 0 ? ops::relu(tracer, x) : ops::leaky_relu(tracer, x, 0.1));
        break;
      default:
        values.push_back(ops::add(tracer, x, any()));
    }
  }
  return values.back();
}

}  // namespace

TEST_CASE("random programs of batch norms, sums and activations give the same numbers fused") {
  FusionCounts total;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    INFO("seed " << seed);
    const auto model = [seed](Tracer& tracer) { return random_model(tracer, seed); };
    const Trial fused = run_trial(model, {});
    REQUIRE(compare(fused, run_trial(model, {.fuse = false}), 1e-9) == "");
    for (const auto& [rule, count] : fused.fusions)
      total[rule] += count;
  }
  for (const Operation* operation : operations::table()) {
    // These need two element types in one program.
    const std::array other_types = {&operations::cast, &operations::sgd};
    if (std::find(other_types.begin(), other_types.end(), operation) != other_types.end()) continue;
    for (const FusionRule& rule : operation->fusion_rules) {
      INFO(rule.name);
      CHECK(total[rule.name] > 10);
    }
  }
}

TEST_CASE("a value that the host reads is never fused away") {
  Tracer tracer(Mode::training, DataType::float64);
  const ValueId x = tracer.parameter("x", {2, 3, 4, 5}, ParameterRole::weight, Initializer::ones);
  const ValueId normalised = norm(tracer, "norm", x);
  ops::relu(tracer, normalised);
  tracer.result(normalised, "normalised");
  Program program = tracer.program();
  CHECK(fuse(program).empty());
  program.results.clear();
  CHECK(fuse(program).size() == 1);
}

}  // namespace sleight::test

// Fused programs give the numbers of unfused ones. The tests derive themselves from the table: each rule brings a small
// program in which it must fire.
#include "engine/program/fuse.h"

#include <algorithm>
#include <array>
#include <functional>

#include "catch2_adapter.h"
#include "engine/ops/ops.h"
#include "trial.h"

namespace sleight::test {

// Rules that ask the device are made to fire: on the cpu their fused forms exist, though nothing is gained by them.
TEST_CASE("every fusion rule fires in its example and changes no number") {
  int rules = 0;
  for (const Operation* operation : operations::table()) {
    for (const FusionRule& rule : operation->fusion_rules) {
      ++rules;
      const bool everything = rule.offered != nullptr;
      SECTION(std::string(rule.name)) {
        for (const DataType element : {DataType::float64, DataType::float32}) {
          INFO(name_of(element));
          const double tolerance = element == DataType::float64 ? 1e-12 : 1e-4;
          const Trial unfused = run_trial(rule.example, {.element = element, .fuse = false});
          const Trial fused = run_trial(rule.example, {.element = element, .fuse_everything = everything});
          CHECK(unfused.fusions.empty());
          CHECK(fused.fusions.contains(rule.name));
          CHECK(compare(fused, unfused, tolerance) == "");
        }
        const Trial simt =
            run_trial(rule.example, {.device = "simt", .element = DataType::float32, .fuse_everything = everything});
        CHECK(simt.fusions.contains(rule.name));
        CHECK(compare(simt, run_trial(rule.example, {.fuse = false}), 1e-4) == "");
      }
    }
  }
  CHECK(rules >= 5);
}

TEST_CASE("a rule that asks the device does not fire where the device says no, or where there is none to ask") {
  int rules = 0;
  for (const Operation* operation : operations::table()) {
    for (const FusionRule& rule : operation->fusion_rules) {
      if (rule.offered == nullptr) continue;
      ++rules;
      INFO(rule.name);
      CHECK_FALSE(run_trial(rule.example, {}).fusions.contains(rule.name));
      CHECK_FALSE(
          run_trial(rule.example, {.device = "simt", .element = DataType::float32}).fusions.contains(rule.name));
      Tracer tracer(Mode::training, DataType::float64);
      rule.example(tracer);
      CHECK_FALSE(fuse(tracer.program()).contains(rule.name));
    }
  }
  CHECK(rules >= 2);
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
    // These need two element types in one program, or a loss.
    const std::array not_here = {&operations::cast, &operations::sgd, &operations::softmax_cross_entropy_backward};
    if (std::find(not_here.begin(), not_here.end(), operation) != not_here.end()) continue;
    for (const FusionRule& rule : operation->fusion_rules) {
      if (rule.offered != nullptr) continue;  // below
      INFO(rule.name);
      CHECK(total[rule.name] > 10);
    }
  }
}

namespace {

// Images of two kinds, which the first layers of random networks read.
ValueId prepared_images(Tracer& tracer, bool resident) {
  const ops::Normalization normalization = {.mean = {10.0, 20.0, 30.0}, .deviation = {50.0, 60.0, 70.0}};
  if (!resident) {
    const ValueId images = tracer.input("images", {2, 4, 3, 3}, DataType::uint8);
    return ops::image_prepare(tracer, images, no_value, no_value, no_value, normalization);
  }
  return ops::image_prepare_resident(tracer,
                                     {.images = tracer.input("resident", {3, 5, 5, 3}, DataType::uint8),
                                      .indices = tracer.input("indices", {2}, DataType::int32),
                                      .windows = tracer.input("windows", {2, 2}, DataType::int32),
                                      .flips = no_value},
                                     4, 3, normalization);
}

// Random networks of convolutions, batch norms, ReLUs and sums, in which inner values are sometimes read twice; two of
// three read images.
ValueId random_network(Tracer& tracer, std::uint64_t seed) {
  RandomStream random(seed, RandomPurpose::test);
  constexpr std::int64_t channels = 3;
  std::vector<ValueId> values = {tracer.parameter("x", {2, 4, 3, channels}, ParameterRole::weight, Initializer::zeros)};
  if (seed % 3 != 0) values.push_back(prepared_images(tracer, seed % 3 == 1));
  const auto any = [&] {
    const auto count = static_cast<std::int64_t>(values.size());
    return values[static_cast<std::size_t>(random.uniform() < 0.8 ? count - 1 : random.below(count))];
  };
  const std::int64_t steps = 3 + random.below(8);
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::string number = std::to_string(i);
    if (random.below(5) == 0) {
      values.push_back(ops::add(tracer, any(), any()));
      continue;
    }
    const std::int64_t side = random.below(2) == 0 ? 1 : 3;
    const ValueId weights = tracer.parameter("weights" + number, {channels, side, side, channels},
                                             ParameterRole::weight, Initializer::zeros);
    const ValueId convolved = ops::convolution(tracer, any(), weights, 1, side / 2);
    // Now and then without a batch norm, or with one whose output is not activated by a ReLU.
    const std::int64_t kind = random.below(8);
    if (kind == 0) {
      values.push_back(convolved);
      continue;
    }
    const ValueId normalized = norm(tracer, "norm" + number, convolved);
    values.push_back(kind == 1   ? normalized
                     : kind == 2 ? ops::leaky_relu(tracer, normalized, 0.1)
                                 : ops::relu(tracer, normalized));
  }
  return values.back();
}

}  // namespace

TEST_CASE("random networks give the same numbers with their batch norms fused into the convolutions") {
  FusionCounts total;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    INFO("seed " << seed);
    const auto model = [seed](Tracer& tracer) { return random_network(tracer, seed); };
    const Trial fused = run_trial(model, {.fuse_everything = true});
    REQUIRE(compare(fused, run_trial(model, {.fuse = false}), 1e-9) == "");
    for (const auto& [rule, count] : fused.fusions)
      total[rule] += count;
  }
  for (const Operation* operation : operations::table()) {
    for (const FusionRule& rule : operation->fusion_rules) {
      if (rule.offered == nullptr) continue;
      INFO(rule.name);
      CHECK(total[rule.name] > 50);  // of the two rules for images, which have one name, together
    }
  }
}

namespace {

// relu(norm(convolution)), which `read` may read beside the next convolution.
Program inner_layer(void (*read)(Tracer&, ValueId)) {
  Tracer tracer(Mode::training, DataType::float64);
  const auto layer = [&](const std::string& name, ValueId x) {
    const auto scope = tracer.scope(name);
    const ValueId weights = tracer.parameter("weight", {4, 3, 3, 4}, ParameterRole::weight, Initializer::zeros);
    return norm(tracer, "norm", ops::convolution(tracer, x, weights, 1, 1));
  };
  const ValueId x = tracer.input("x", {2, 5, 3, 4}, DataType::float64);
  const ValueId inner = ops::relu(tracer, layer("first", x));
  layer("second", inner);
  read(tracer, inner);
  return std::move(tracer.program());
}

}  // namespace

TEST_CASE("an inner activation stays where anything but its convolution reads it") {
  constexpr std::string_view rule = "batch norm + relu into convolution";
  const auto fires = [&](void (*read)(Tracer&, ValueId)) {
    Program program = inner_layer(read);
    return fuse(program, {.device = nullptr, .everything = true}).contains(rule);
  };
  CHECK(fires([](Tracer&, ValueId) {}));
  CHECK_FALSE(fires([](Tracer& tracer, ValueId inner) { tracer.result(inner, "inner"); }));
  CHECK_FALSE(fires([](Tracer& tracer, ValueId inner) { ops::global_average_pool(tracer, inner); }));
  CHECK_FALSE(fires([](Tracer& tracer, ValueId inner) {
    const ValueId weights = tracer.parameter("third", {4, 1, 1, 4}, ParameterRole::weight, Initializer::zeros);
    ops::convolution(tracer, inner, weights, 1, 0);
  }));
}

TEST_CASE("images keep three channels where anything but convolutions with weights of their own reads them") {
  const auto fires = [&](void (*read)(Tracer&, ValueId images, ValueId weights)) {
    Tracer tracer(Mode::training, DataType::float64);
    const ValueId images = prepared_images(tracer, false);
    const ValueId weights = tracer.parameter("weights", {4, 3, 3, 3}, ParameterRole::weight, Initializer::zeros);
    ops::convolution(tracer, images, weights, 1, 1);
    read(tracer, images, weights);
    return fuse(tracer.program(), {.device = nullptr, .everything = true})
        .contains("first convolution on eight channels");
  };
  CHECK(fires([](Tracer&, ValueId, ValueId) {}));
  // Two networks on one batch.
  CHECK(fires([](Tracer& tracer, ValueId images, ValueId) {
    const ValueId others = tracer.parameter("others", {5, 1, 1, 3}, ParameterRole::weight, Initializer::zeros);
    ops::convolution(tracer, images, others, 1, 0);
  }));
  CHECK_FALSE(fires([](Tracer& tracer, ValueId images, ValueId) { tracer.result(images, "images"); }));
  CHECK_FALSE(fires([](Tracer& tracer, ValueId images, ValueId) { ops::global_average_pool(tracer, images); }));
  CHECK_FALSE(fires([](Tracer& tracer, ValueId, ValueId weights) {
    const ValueId x = tracer.parameter("x", {2, 4, 3, 3}, ParameterRole::weight, Initializer::zeros);
    ops::convolution(tracer, x, weights, 1, 1);
  }));
}

TEST_CASE("a value that the host reads is never fused away") {
  Tracer tracer(Mode::training, DataType::float64);
  const ValueId x = tracer.parameter("x", {2, 3, 4, 5}, ParameterRole::weight, Initializer::ones);
  const ValueId normalized = norm(tracer, "norm", x);
  ops::relu(tracer, normalized);
  tracer.result(normalized, "normalized");
  Program program = tracer.program();
  CHECK(fuse(program).empty());
  program.results.clear();
  CHECK(fuse(program).size() == 1);
}

namespace {

struct LossProgram {
  Tracer tracer{Mode::training};
  ValueId logits, losses, loss, gradient;

  // The mean loss of a batch and its gradient by the logits; `seed` writes the gradient of the mean.
  explicit LossProgram(const std::function<ValueId(Tracer&, ValueId loss)>& seed) {
    logits = tracer.parameter("logits", {6, 10}, ParameterRole::weight, Initializer::zeros);
    const ValueId labels = tracer.input("labels", {6}, DataType::int32);
    losses = ops::softmax_cross_entropy(tracer, logits, labels, no_value, no_value, {});
    loss = ops::reduce_mean(tracer, losses);
    tracer.result(loss, "loss");
    tracer.phase = Phase::backward;
    gradient = differentiate(tracer.program(), loss, seed(tracer, loss), {logits}, operations::add).at(logits);
    tracer.result(gradient, "gradient");
  }

  double bytes() {
    double sum = 0.0;
    for (const Step& step : tracer.program().steps)
      sum += cost_of(types_of(tracer.program(), step), *step.operation).bytes;
    return sum;
  }
};

ValueId one(Tracer& tracer, ValueId) {
  return ops::constant(tracer, 1.0, 1, DataType::float32);
}

}  // namespace

TEST_CASE("the fused loss reads the logits once and keeps nothing for a backward step") {
  LossProgram program(one);
  const double before = program.bytes();
  CHECK(fuse(program.tracer.program()).size() == 1);
  // Not read again: the logits and the labels. Neither written nor read: log_sum_exp and the gradient of each loss.
  CHECK(before - program.bytes() == 6 * (10 * 4 + 4 + 2 * 4 + 2 * 4));
  CHECK(program.tracer.program().steps.size() == 3);  // the constant, the fused step, the mean
}

TEST_CASE("the loss is not fused where its gradient needs the loss, or the host reads what would go") {
  SECTION("the seed is made from the loss") {
    LossProgram program([](Tracer& tracer, ValueId loss) { return ops::relu(tracer, loss); });
    CHECK(fuse(program.tracer.program()).empty());
  }
  SECTION("the seed is made of several steps, none of which needs the loss") {
    LossProgram program([](Tracer& tracer, ValueId) { return ops::relu(tracer, one(tracer, no_value)); });
    CHECK(fuse(program.tracer.program()).size() == 1);
  }
  SECTION("log_sum_exp is a result") {
    LossProgram program(one);
    Program& written = program.tracer.program();
    written.results.push_back(written.steps.front().outputs[1]);
    CHECK(fuse(written).empty());
  }
}

}  // namespace sleight::test

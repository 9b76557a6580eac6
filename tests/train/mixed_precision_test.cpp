// Training with activations of bfloat16: the loss follows that of float32, and whatever outlives a step stays float32.
#include <cmath>
#include <cstring>

#include "catch2_adapter.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/train/classifier.h"
#include "engine/value/random.h"
#include "models/layers.h"
#include "tests/base/temporary_folder.h"

namespace sleight::test {
namespace {

constexpr std::int64_t classes = 3;
constexpr std::int64_t side = 9;

// A residual block between two convolutions: every operation of a ResNet but the pools.
ValueId small_network(Tracer& trace, ValueId images, std::int64_t class_count) {
  ValueId x = layers::convolution(trace, "conv1", images, 16, 3);
  x = ops::relu(trace, layers::batch_norm(trace, "bn1", x));
  const ValueId shortcut = x;
  x = layers::batch_norm(trace, "bn2", layers::convolution(trace, "conv2", x, 16, 3));
  x = ops::relu(trace, ops::add(trace, x, shortcut));
  x = ops::relu(trace, layers::batch_norm(trace, "bn3", layers::convolution(trace, "conv3", x, 24, 3, 2)));
  return layers::linear(trace, "fc", ops::global_average_pool(trace, x), class_count);
}

// Noise with a bright row, column or diagonal.
struct Images {
  explicit Images(std::uint64_t step) : images(count * side * side * 3), labels(count), flips(count) {
    RandomStream random(1, RandomPurpose::test, step);
    for (std::size_t n = 0; n < count; ++n) {
      labels[n] = static_cast<std::int32_t>(random.below(classes));
      const std::int64_t place = random.below(side);
      for (std::int64_t y = 0; y < side; ++y) {
        for (std::int64_t x = 0; x < side; ++x) {
          const bool bright = labels[n] == 0 ? y == place : labels[n] == 1 ? x == place : (x + y) % side == place;
          for (std::int64_t c = 0; c < 3; ++c) {
            const auto at = static_cast<std::size_t>(((static_cast<std::int64_t>(n) * side + y) * side + x) * 3 + c);
            images[at] = static_cast<std::uint8_t>((bright ? 160 : 40) + random.below(64));
          }
        }
      }
    }
  }
  BatchView view() const {
    return {.size = static_cast<std::int64_t>(count),
            .height = side,
            .width = side,
            .images = images,
            .labels = labels,
            .flips = flips,
            .partners = {},
            .lambdas = {}};
  }
  static constexpr std::size_t count = 16;
  std::vector<std::uint8_t> images;
  std::vector<std::int32_t> labels, flips;
};

class Run {
 public:
  explicit Run(DataType element, const std::string& device = "cpu")
      : context(device, 3), classifier(context, small_network, options_of(element)) {
    classifier.plan_training(Images::count, side, side);
    context.set_live_scalar(kernels::LiveScalar::learning_rate, 0.05);
    context.set_live_scalar(kernels::LiveScalar::momentum, 0.9);
    context.set_live_scalar(kernels::LiveScalar::weight_decay, 1e-4);
    scale_loss(element == DataType::float16 ? 1024.0 : 1.0);
    context.set_live_scalar(kernels::LiveScalar::ema_decay, 0.9);
  }

  void scale_loss(double scale) {
    context.set_live_scalar(kernels::LiveScalar::loss_scale, scale);
    context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0 / scale);
  }

  std::vector<double> losses(std::uint64_t first, std::uint64_t last) {
    std::vector<double> all;
    for (std::uint64_t step = first; step < last; ++step)
      all.push_back(classifier.train(Images(step).view()).loss);
    return all;
  }

  static ClassifierProgramOptions options_of(DataType element) {
    ClassifierProgramOptions options;
    options.classes = classes;
    options.element = element;
    options.update.after_update.push_back([](Tracer& trace) {
      std::vector<ops::AveragedParameter> averaged;
      const std::vector<Parameter> parameters = trace.program().parameters;
      for (const Parameter& parameter : parameters) {
        if (parameter.role == ParameterRole::optimizer_state) continue;
        const Value value = trace.program().value(parameter.value);
        averaged.push_back(
            {trace.parameter(average_prefix + value.name, value.type.shape, ParameterRole::average, Initializer::zeros),
             parameter.value});
      }
      ops::exponential_moving_average(trace, averaged);
    });
    return options;
  }

  Context context;
  Classifier classifier;
};

double mean(const std::vector<double>& values, std::size_t first, std::size_t last) {
  double sum = 0.0;
  for (std::size_t i = first; i < last; ++i)
    sum += values[i];
  return sum / static_cast<double>(last - first);
}

}  // namespace

TEST_CASE("the loss of 16 bits follows that of float32") {
  constexpr std::uint64_t steps = 40;
  for (const DataType element : {DataType::bfloat16, DataType::float16}) {
    CAPTURE(name_of(element));
    Run wide(DataType::float32), narrow(element);
    const std::vector<double> expected = wide.losses(0, steps), losses = narrow.losses(0, steps);
    // The same start but for the rounding of three digits.
    CHECK(std::abs(losses.front() - expected.front()) <= 0.02);
    CHECK(losses.front() != expected.front());
    for (const std::size_t first : {0U, 10U, 20U, 30U}) {
      const double difference = mean(losses, first, first + 10) - mean(expected, first, first + 10);
      INFO(first << ": " << mean(losses, first, first + 10) << " and " << mean(expected, first, first + 10));
      CHECK(std::abs(difference) <= 0.1);
    }
    CHECK(mean(losses, 30, 40) <= 0.5 * mean(losses, 0, 5));

    // With the running statistics, in the type of the training.
    const Images unseen(1000);
    const double wide_loss = static_cast<double>(wide.classifier.evaluate(unseen.view(), false).row_losses.front());
    const double narrow_loss = static_cast<double>(narrow.classifier.evaluate(unseen.view(), false).row_losses.front());
    CHECK(std::abs(wide_loss - narrow_loss) <= 0.25);
    CHECK(std::isfinite(static_cast<double>(narrow.classifier.evaluate(unseen.view(), true).row_losses.front())));
  }
}

TEST_CASE("bfloat16: simt takes the steps of the cpu") {
  Run cpu(DataType::bfloat16), simt(DataType::bfloat16, "simt");
  const std::vector<double> expected = cpu.losses(0, 2), losses = simt.losses(0, 2);
  for (std::size_t i = 0; i < losses.size(); ++i)
    CHECK(std::abs(losses[i] - expected[i]) <= 0.02);
}

TEST_CASE("bfloat16: everything kept is float32 under the same names, and a resumed run goes on with the same bits") {
  Run wide(DataType::float32), narrow(DataType::bfloat16);
  REQUIRE(narrow.context.store.names() == wide.context.store.names());
  for (const std::string& name : narrow.context.store.names()) {
    INFO(name);
    const ValueType& type = narrow.context.store.entry(name).type;
    CHECK(type.element == DataType::float32);
    CHECK(type.shape == wide.context.store.entry(name).type.shape);
  }
  const TemporaryFolder folder;
  narrow.losses(0, 3);
  save_checkpoint(folder / "checkpoint.safetensors", narrow.context.store, {});
  const std::vector<double> expected = narrow.losses(3, 6);
  Run resumed(DataType::bfloat16);
  load_checkpoint(folder / "checkpoint.safetensors", resumed.context.store);
  CHECK(resumed.losses(3, 6) == expected);
  for (const std::string& name : narrow.context.store.names()) {
    INFO(name);
    CHECK((resumed.context.store.read(name) == narrow.context.store.read(name)));
  }

  // The other precision may go on from there too.
  load_checkpoint(folder / "checkpoint.safetensors", wide.context.store);
  const std::vector<double> others = wide.losses(3, 6);
  for (std::size_t i = 0; i < others.size(); ++i)
    CHECK(std::abs(others[i] - expected[i]) <= 0.1);
}

TEST_CASE("bfloat16: weights are cast together, and their gradients are read as they come") {
  Run narrow(DataType::bfloat16);
  const Executable& executable = narrow.classifier.plan_training(Images::count, side, side);
  const FusionCounts& fusions = executable.fusions();
  CHECK(fusions.contains("casts of parameters together"));
  CHECK(fusions.contains("sgd + cast of a gradient"));
  CHECK(fusions.contains("sgd + moving average"));
  int casts = 0, lists = 0;
  for (const Step& step : executable.program().steps) {
    casts += step.operation == &operations::cast ? 1 : 0;
    lists += step.operation == &operations::cast_list ? 1 : 0;
  }
  CHECK(casts == 2);  // of the logits and of their gradient
  CHECK(lists == 1);
}

TEST_CASE("float16: the scale of the loss changes nothing but what would be lost without it") {
  Run one(DataType::float16), other(DataType::float16);
  one.scale_loss(512.0);
  other.scale_loss(4096.0);
  const std::vector<double> expected = one.losses(0, 6), losses = other.losses(0, 6);
  CHECK(losses.front() == expected.front());
  for (std::size_t i = 0; i < losses.size(); ++i)
    CHECK(std::abs(losses[i] - expected[i]) <= 0.01);
}

TEST_CASE("float16: a gradient that overflows skips the step or stops the run, as asked") {
  Run run(DataType::float16);
  run.losses(0, 2);
  std::map<std::string, std::vector<std::byte>> before;
  for (const std::string& name : run.context.store.names())
    before[name] = run.context.store.read(name);
  run.scale_loss(0x1p40);
  const StepResult skipped = run.classifier.train(Images(2).view(), BadGradient::skips_step);
  CHECK(skipped.skipped);
  CHECK(std::isfinite(skipped.loss));
  REQUIRE_THROWS_AS(run.classifier.train(Images(2).view()), NonFiniteStep);
  for (const std::string& name : run.context.store.names()) {
    INFO(name);
    CHECK((run.context.store.read(name) == before[name]));
  }
  run.scale_loss(1024.0);
  CHECK_FALSE(run.classifier.train(Images(2).view(), BadGradient::skips_step).skipped);
  CHECK((run.context.store.read("fc.weight") != before["fc.weight"]));
}

TEST_CASE("a step that is not finite leaves no trace, in any phase and any precision") {
  for (const DataType element : {DataType::float32, DataType::bfloat16, DataType::float16}) {
    CAPTURE(name_of(element));
    Run run(element);
    run.losses(0, 2);
    const std::vector<float> weights(classes * 24, 3e38F);
    run.context.store.write("fc.weight", std::as_bytes(std::span(weights)));
    std::map<std::string, std::vector<std::byte>> before;
    for (const std::string& name : run.context.store.names())
      before[name] = run.context.store.read(name);
    REQUIRE_THROWS_AS(run.losses(2, 3), NonFiniteStep);
    for (const std::string& name : run.context.store.names()) {
      INFO(name);
      CHECK((run.context.store.read(name) == before[name]));
    }
  }
}

}  // namespace sleight::test

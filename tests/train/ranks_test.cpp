// A classifier that learns on several ranks: the learner's programs are distributed over the ranks of its context.
#include <array>
#include <cmath>
#include <map>

#include "catch2_adapter.h"
#include "engine/train/classifier.h"
#include "engine/value/random.h"
#include "models/layers.h"
#include "tests/comm/thread_communicator.h"

namespace sleight::test {
namespace {

constexpr std::int64_t classes = 3, side = 8, whole_batch = 8;

ValueId small_network(Tracer& trace, ValueId images, std::int64_t class_count) {
  ValueId x = layers::convolution(trace, "conv1", images, 16, 3);
  x = ops::relu(trace, layers::batch_norm(trace, "bn1", x));
  x = ops::relu(trace, layers::batch_norm(trace, "bn2", layers::convolution(trace, "conv2", x, 19, 3, 2)));
  return layers::linear(trace, "fc", ops::global_average_pool(trace, x), class_count);
}

// Noise, a slice of the whole batch.
struct Slice {
  Slice(std::int64_t step, std::int64_t first, std::int64_t count)
      : size(count), images(static_cast<std::size_t>(count * side * side * 3)) {
    for (std::int64_t n = 0; n < count; ++n) {
      RandomStream random(1, RandomPurpose::test, static_cast<std::uint64_t>(step * whole_batch + first + n));
      for (std::int64_t i = 0; i < side * side * 3; ++i)
        images[n * side * side * 3 + i] = static_cast<std::uint8_t>(random.below(256));
      labels.push_back(static_cast<std::int32_t>(random.below(classes)));
      flips.push_back(static_cast<std::int32_t>(random.below(2)));
    }
  }
  BatchView view() const {
    return {.size = size,
            .height = side,
            .width = side,
            .images = images,
            .labels = labels,
            .flips = flips,
            .partners = {},
            .lambdas = {}};
  }
  std::int64_t size;
  std::vector<std::uint8_t> images;
  std::vector<std::int32_t> labels, flips;
};

struct Outcome {
  std::vector<double> losses;
  std::vector<float> evaluated;  // losses of the whole batch's images, with the running statistics
  std::map<std::string, std::vector<float>> persistent;
};

Outcome train(Context& context, std::int64_t first, std::int64_t count) {
  ClassifierProgramOptions options;
  options.classes = classes;
  Classifier classifier(context, small_network, options);
  context.set_live_scalar(kernels::LiveScalar::learning_rate, 0.05);
  context.set_live_scalar(kernels::LiveScalar::momentum, 0.9);
  context.set_live_scalar(kernels::LiveScalar::weight_decay, 1e-4);
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0);
  Outcome outcome;
  for (std::int64_t step = 0; step < 4; ++step)
    outcome.losses.push_back(classifier.train(Slice(step, first, count).view()).loss);
  const Executable& executable = classifier.plan_training(count, side, side);
  for (const Parameter& parameter : executable.program().parameters) {
    const std::vector<std::byte> bytes = executable.read(parameter.value);
    const auto* numbers = reinterpret_cast<const float*>(bytes.data());
    outcome.persistent[executable.program().value(parameter.value).name] = {numbers,
                                                                            numbers + bytes.size() / sizeof(float)};
  }
  const auto row_losses = classifier.evaluate(Slice(9, 0, whole_batch).view(), false).row_losses;
  outcome.evaluated.assign(row_losses.begin(), row_losses.end());
  return outcome;
}

template <class Numbers>
double largest_difference(const Numbers& a, const Numbers& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

}  // namespace

TEST_CASE("a classifier on two ranks learns what it learns on one") {
  Context context("cpu", 3);
  const Outcome whole = train(context, 0, whole_batch);
  std::array<Outcome, 2> halves;
  const int collectives = run_ranks(2, [&](std::unique_ptr<Communicator> communicator) {
    const int rank = communicator->rank();
    Context own(Device("cpu"), 3, std::move(communicator));
    halves[rank] = train(own, rank * whole_batch / 2, whole_batch / 2);
  });
  CHECK(collectives > 0);
  for (const Outcome& half : halves) {
    CHECK(largest_difference(half.losses, whole.losses) <= 1e-5);
    CHECK(largest_difference(half.evaluated, whole.evaluated) <= 1e-4);
    REQUIRE(half.persistent.size() == whole.persistent.size());
    for (const auto& [name, numbers] : whole.persistent) {
      INFO(name);
      CHECK(largest_difference(half.persistent.at(name), numbers) <= 1e-4);
    }
    CHECK(half.persistent == halves[0].persistent);
    CHECK(half.losses == halves[0].losses);
  }
}

}  // namespace sleight::test

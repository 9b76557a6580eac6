// A training step on a device that is as lazy as a GPU: the same numbers as on the cpu, and no access that nothing
// orders.
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/ops/ops.h"
#include "engine/program/differentiate.h"
#include "engine/program/input_stage.h"
#include "tests/base/temporary_folder.h"
#include "tests/device/recording_runtime.h"
#include "tests/kernels/on_gpu.h"

namespace sleight::test {
namespace {

constexpr std::int64_t rows = 6;
constexpr std::int64_t features = 5;

// Two convolutions with batch norm between them, a mean of squares, SGD: everything a step is made of.
Program training_step(std::int64_t batch_size = rows) {
  Tracer tracer(Mode::training);
  const ValueId x = tracer.input("x", {batch_size, 4, 4, features}, DataType::float32);
  const ValueId first =
      tracer.parameter("first.weight", {8, 3, 3, features}, ParameterRole::weight, Initializer::he_normal_fan_out);
  const ValueId hidden = ops::relu(tracer, ops::convolution(tracer, x, first, 1, 1));
  const ValueId second = tracer.parameter("second.weight", {3, 8}, ParameterRole::weight, Initializer::uniform_fan_in);
  const ValueId bias = tracer.parameter("second.bias", {3}, ParameterRole::bias, Initializer::zeros);
  const ValueId logits = ops::linear(tracer, ops::global_average_pool(tracer, hidden), second, bias);
  const ValueId labels = tracer.input("labels", {batch_size}, DataType::int32);
  const ValueId loss = ops::reduce_mean(
      tracer, ops::softmax_cross_entropy(tracer, logits, labels, no_value, no_value, ops::LossParameters{}));
  tracer.result(loss, "loss");
  Program& program = tracer.program();
  tracer.phase = Phase::backward;
  const std::vector<Parameter> parameters = program.parameters;
  std::vector<ValueId> trained;
  for (const Parameter& parameter : parameters)
    trained.push_back(parameter.value);
  const auto gradients =
      differentiate(program, loss, ops::constant(tracer, 1.0, 1, DataType::float32), trained, operations::add);
  tracer.phase = Phase::update;
  std::vector<ops::SgdParameter> updated;
  for (const ValueId id : trained) {
    const Value value = program.value(id);
    updated.push_back({.parameter = id,
                       .gradient = gradients.at(id),
                       .momentum = tracer.parameter("momentum." + value.name, value.type.shape,
                                                    ParameterRole::optimizer_state, Initializer::zeros),
                       .decay = true});
  }
  ops::sgd(tracer, updated, true);
  return std::move(program);
}

struct StepBatch {
  explicit StepBatch(int step, std::int64_t size = rows)
      : x(static_cast<std::size_t>(size * 16 * features)), labels(static_cast<std::size_t>(size)) {
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>((i * 7 + static_cast<std::size_t>(step) * 13) % 11) * 0.25F - 1.25F;
    for (std::size_t i = 0; i < labels.size(); ++i)
      labels[i] = static_cast<std::int32_t>((i + static_cast<std::size_t>(step)) % 3);
  }
  std::vector<float> x;
  std::vector<std::int32_t> labels;
};

void set_scalars(Context& context, int step) {
  context.set_live_scalar(kernels::LiveScalar::learning_rate, 0.1 / (step + 1));
  context.set_live_scalar(kernels::LiveScalar::momentum, 0.9);
  context.set_live_scalar(kernels::LiveScalar::weight_decay, 0.01);
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0);
}

// The losses of some steps and all parameters after them. Slots of pinned memory are reused like the loader's, as soon
// as their owner has let go.
struct Outcome {
  std::vector<float> losses;
  std::map<std::string, std::vector<std::byte>> parameters;
  bool operator==(const Outcome&) const = default;
};

struct Slots {
  explicit Slots(const Device& device) {
    for (Buffer& slot : memory)
      slot = device.allocate_pinned(1 << 20);
  }
  std::array<Buffer, 3> memory;
  std::array<bool, 3> taken{};
};

// When the host looks at a step's loss.
enum class Looks { at_once, one_step_later, never };

Outcome train(Context& context, Executable& executable, int steps, Looks looks, std::int64_t size = rows) {
  Slots slots(context.device);
  InputStage stage(context.device);
  Outcome outcome;
  std::int64_t last = -1;
  const auto collect = [&] {
    if (last >= 0) outcome.losses.push_back(executable.result<float>("loss", last).front());
  };
  for (int step = 0; step < steps; ++step) {
    const StepBatch batch(step, size);
    std::size_t slot = 0;
    while (slot < slots.taken.size() && slots.taken[slot])
      ++slot;
    REQUIRE(slot < slots.taken.size());
    slots.taken[slot] = true;
    const auto bytes = std::as_bytes(std::span(batch.x));
    std::memcpy(slots.memory[slot].data(), bytes.data(), bytes.size());
    // The slot is overwritten as soon as it is given back: a copy that comes later brings wrong numbers.
    std::shared_ptr<const void> owner(&slots, [&slots, slot, count = bytes.size()](const void*) {
      slots.taken[slot] = false;
      std::memset(slots.memory[slot].data(), 0xff, count);
    });
    set_scalars(context, step);
    const auto labels = std::make_shared<std::pair<std::shared_ptr<const void>, std::vector<std::int32_t>>>(
        std::move(owner), batch.labels);
    stage.upload({{"x", {slots.memory[slot].data(), bytes.size()}, true},
                  {"labels", std::as_bytes(std::span(labels->second)), false}},
                 labels);
    stage.deliver(executable);
    const std::int64_t run = executable.run();
    if (looks == Looks::one_step_later) collect();
    last = run;
    if (looks == Looks::at_once) collect();
  }
  if (looks == Looks::one_step_later) collect();
  for (const std::string& name : context.store.names())
    outcome.parameters[name] = context.store.read(name);
  return outcome;
}

Outcome train_on_cpu(int steps, std::int64_t size = rows) {
  Context context(Device(kernels::Simt{}), 3);
  Executable executable(training_step(size), context);
  return train(context, executable, steps, Looks::at_once, size);
}

// The largest difference of two outcomes: of losses and of all numbers of all parameters. NaN where one has NaN,
// infinite where they do not hold the same things.
double largest_difference(const Outcome& a, const Outcome& b) {
  double largest = 0.0;
  const auto compare = [&](std::span<const float> x, std::span<const float> y) {
    if (x.size() != y.size()) largest = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
      const double difference = std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i]));
      if (!std::isnan(largest) && !(difference <= largest)) largest = difference;  // a NaN stays
    }
  };
  const auto floats = [](const std::vector<std::byte>& bytes) {
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return values;
  };
  compare(a.losses, b.losses);
  if (a.parameters.size() != b.parameters.size()) return std::numeric_limits<double>::infinity();
  for (const auto& [name, bytes] : a.parameters) {
    const auto found = b.parameters.find(name);
    if (found == b.parameters.end()) return std::numeric_limits<double>::infinity();
    compare(floats(bytes), floats(found->second));
    if (std::isnan(largest)) break;
  }
  return largest;
}

// Numbers of the step are of size 1 and smaller. Each sum has at most 100 terms, whose order is another on a GPU: an
// error of 100 roundings of 2^-24, 6e-6, which six steps carry on and none amplifies by more than 3.
constexpr double tolerance = 2e-5;

}  // namespace

TEST_CASE("a difference between two outcomes is seen, and NaN is one") {
  const Outcome host = train_on_cpu(2);
  CHECK(largest_difference(host, host) == 0.0);
  Outcome other = host;
  other.losses[1] += 0.5F;
  CHECK(largest_difference(host, other) == Approx(0.5));
  other = host;
  const float number = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(other.parameters.begin()->second.data(), &number, sizeof(number));
  CHECK(!(largest_difference(host, other) <= tolerance));
  other = host;
  other.parameters.erase(other.parameters.begin());
  CHECK(!(largest_difference(host, other) <= tolerance));
}

TEST_CASE("steps on the GPU: the host's numbers, and the same bits one ahead of the host or not, graphs or not",
          "[gpu]") {
  constexpr int steps = 6;
  const TemporaryFolder folder;
  const DeviceOptions options{.deterministic = true, .allow_tf32 = false, .tuning_cache = folder / "tuning.txt"};
  const std::optional<Device> gpu = tests::find_gpu(options);
  if (!gpu) return;
  const Outcome expected = train_on_cpu(steps);
  std::optional<Outcome> first;
  // Twice, the second time on a device of its own: what was measured and kept chooses the same algorithms.
  for (const Device& device : {*gpu, Device("cuda", options)}) {
    for (const bool graphs : {true, false}) {
      for (const Looks looks : {Looks::at_once, Looks::one_step_later}) {
        CAPTURE(graphs, static_cast<int>(looks));
        Context context(device, 3);
        Executable executable(training_step(), context, {.fuse = true, .graphs = graphs, .parameter_prefix = ""});
        context.arena.poison();
        const Outcome outcome = train(context, executable, steps, looks);
        CHECK(largest_difference(outcome, expected) <= tolerance);
        if (!first) first = outcome;
        CHECK((outcome == *first));
      }
    }
  }
}

TEST_CASE("steps on a lazy device give the same bits as on the host, one ahead of the host or not, graphs or not") {
  constexpr int steps = 6;
  const Outcome expected = train_on_cpu(steps);
  for (const bool graphs : {true, false}) {
    for (const Looks looks : {Looks::at_once, Looks::one_step_later, Looks::never}) {
      CAPTURE(graphs, static_cast<int>(looks));
      const auto runtime = std::make_shared<RecordingRuntime>();
      Context context(Device(kernels::Simt{}, runtime), 3);
      Executable executable(training_step(), context, {.fuse = true, .graphs = graphs, .parameter_prefix = ""});
      context.arena.poison();
      const Outcome outcome = train(context, executable, steps, looks);
      CHECK((looks == Looks::never || outcome.losses == expected.losses));
      CHECK((outcome.parameters == expected.parameters));
      CHECK(runtime->reports() == std::vector<std::string>());
      // The first step by itself, the second recorded, and from then on one launch a step.
      CHECK(runtime->counts().captures == (graphs ? 1 : 0));
      CHECK(runtime->counts().launches == (graphs ? steps - 1 : 0));
    }
  }
}

TEST_CASE("a steady state allocates nothing") {
  const auto runtime = std::make_shared<RecordingRuntime>();
  Context context(Device(kernels::Simt{}, runtime), 3);
  Executable executable(training_step(), context);
  InputStage stage(context.device);
  const StepBatch batch(0);
  std::int64_t before = 0;
  for (int step = 0; step < 8; ++step) {
    if (step == 3) before = runtime->counts().allocations;
    stage.upload(
        {{"x", std::as_bytes(std::span(batch.x)), false}, {"labels", std::as_bytes(std::span(batch.labels)), false}},
        nullptr);
    stage.deliver(executable);
    executable.run();
  }
  CHECK(runtime->counts().allocations == before);
  CHECK(runtime->reports().empty());
}

TEST_CASE("a larger plan that takes the arena away gives the smaller one a new graph") {
  const auto runtime = std::make_shared<RecordingRuntime>();
  Context context(Device(kernels::Simt{}, runtime), 3);
  Executable small(training_step(2), context);
  const Outcome before = train(context, small, 3, Looks::one_step_later, 2);
  Executable large(training_step(40), context);
  train(context, large, 3, Looks::one_step_later, 40);
  const std::int64_t captures = runtime->counts().captures;
  train(context, small, 3, Looks::one_step_later, 2);
  CHECK(runtime->counts().captures == captures + 1);
  CHECK(runtime->reports() == std::vector<std::string>());
  CHECK(before.losses.size() == 3);
}

TEST_CASE("results that were overwritten are refused") {
  const auto runtime = std::make_shared<RecordingRuntime>();
  Context context(Device(kernels::Simt{}, runtime), 3);
  Executable executable(training_step(), context);
  train(context, executable, 4, Looks::one_step_later);
  CHECK_NOTHROW(executable.result<float>("loss", 2));
  CHECK_THROWS_AS(executable.result<float>("loss", 1), Error);
  // A single phase counts too.
  InputStage stage(context.device);
  const StepBatch batch(0);
  stage.upload(
      {{"x", std::as_bytes(std::span(batch.x)), false}, {"labels", std::as_bytes(std::span(batch.labels)), false}},
      nullptr);
  stage.deliver(executable);
  executable.run(Phase::forward);
  CHECK_NOTHROW(executable.result<float>("loss"));
  CHECK_THROWS_AS(executable.result<float>("loss", 2), Error);
  executable.read(executable.program().find("loss"));  // everything queued is done before the inputs go
  CHECK(runtime->reports() == std::vector<std::string>());
}

TEST_CASE("too little memory is said before the first step, with a table of what is needed") {
  const auto runtime = std::make_shared<RecordingRuntime>(200000);
  Context context(Device(kernels::Simt{}, runtime), 3);
  std::string message;
  try {
    Executable executable(training_step(400), context);
  } catch (const Error& error) {
    message = error.what();
  }
  CAPTURE(message);
  CHECK(message.find("not enough memory") != std::string::npos);
  CHECK(message.find("in use at once in step") != std::string::npos);
  CHECK(message.find("400x4x4x8") != std::string::npos);
}

}  // namespace sleight::test

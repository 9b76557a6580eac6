// The two streams of the program, and the host beside them: what must wait for what, tried with all streams late and
// with either of them hasty.
#include <cstring>
#include <memory>
#include <span>

#include "catch2_adapter.h"
#include "engine/ops/ops.h"
#include "engine/program/execute.h"
#include "engine/program/input_stage.h"
#include "tests/base/temporary_folder.h"
#include "tests/fake_gpu/machine.h"

namespace sleight::test {

namespace {

using fake::Machine;

constexpr std::int64_t count = 4;
constexpr std::size_t bytes = count * sizeof(float);

// sum -= x, which SGD does with the gradient x and a learning rate of 1: what went wrong once stays.
Program sum_of_batches() {
  Tracer tracer(Mode::training);
  const ValueId x = tracer.input("x", {count}, DataType::float32);
  const ValueId sum = tracer.parameter("sum", {count}, ParameterRole::weight, Initializer::zeros);
  const ValueId momentum = tracer.parameter("momentum", {count}, ParameterRole::optimizer_state, Initializer::zeros);
  tracer.result(ops::add(tracer, x, x), "twice");
  tracer.phase = Phase::update;
  const ops::SgdParameter updated = {.parameter = sum, .gradient = x, .momentum = momentum, .decay = false};
  ops::sgd(tracer, std::span(&updated, 1), false);
  return std::move(tracer.program());
}

std::vector<float> read_floats(std::span<const std::byte> memory) {
  std::vector<float> numbers(memory.size() / sizeof(float));
  std::memcpy(numbers.data(), memory.data(), memory.size());
  return numbers;
}

// The first number of the parameter after some batches from pinned memory, which is overwritten as soon as its owner is
// let go.
float train(const Device& device, int steps, bool looks) {
  Context context(device, 1);
  Executable executable(sum_of_batches(), context);
  context.set_live_scalar(kernels::LiveScalar::learning_rate, 1.0);
  context.set_live_scalar(kernels::LiveScalar::gradient_scale, 1.0);
  std::vector<Buffer> slots;
  for (int step = 0; step < steps; ++step)
    slots.push_back(device.allocate_pinned(bytes));
  InputStage stage(device);
  for (int step = 0; step < steps; ++step) {
    std::byte* const slot = slots[static_cast<std::size_t>(step)].data();
    const std::vector<float> batch(count, static_cast<float>(1 << step));
    std::memcpy(slot, batch.data(), bytes);
    stage.upload({{"x", {slot, bytes}, true}},
                 std::shared_ptr<const void>(slot, [slot](const void*) { std::memset(slot, 0xFF, bytes); }));
    stage.deliver(executable);
    executable.run();
    if (looks) CHECK(executable.result<float>("twice").front() == static_cast<float>(2 << step));
  }
  return read_floats(context.store.read("sum")).front();
}

}  // namespace

TEST_CASE("batches arrive whole and in order, whichever stream is late and whichever hasty", "[fake]") {
  const TemporaryFolder folder;
  constexpr int steps = 7;
  for (const int eager : {-1, 0, 1}) {
    for (const bool looks : {false, true}) {
      CAPTURE(eager, looks);
      Machine::instance().replace({.eager_stream = eager});
      {
        const Device device("cuda", {.tuning_cache = folder / "tuning.txt"});
        CHECK(train(device, steps, looks) == static_cast<float>(1 - (1 << steps)));
      }
      CHECK(Machine::instance().left_over() == "");
    }
  }
  Machine::instance().replace();
}

TEST_CASE("memory is zero for either stream as soon as it is there", "[fake]") {
  const TemporaryFolder folder;
  Machine::instance().replace();
  const Device device("cuda", {.tuning_cache = folder / "tuning.txt"});
  Runtime& runtime = *device.runtime();
  for (const std::int64_t size : {std::int64_t{bytes}, std::int64_t{16} << 20}) {
    CAPTURE(size);
    const Buffer memory = device.allocate(size);
    const Buffer pinned = device.allocate_pinned(bytes);
    CHECK((read_floats({pinned.data(), bytes}) == std::vector<float>(count)));
    const std::vector<float> ones(count, 1.0F);
    std::memcpy(pinned.data(), ones.data(), bytes);
    runtime.copy_to_device(Stream::upload, memory.data(), pinned.data(), bytes);
    runtime.synchronize(Stream::upload);
    std::vector<std::byte> back(bytes);
    device.download(back, memory.data());
    CHECK((read_floats(back) == ones));
  }
}

TEST_CASE("memory may be let go of while queued work still uses it", "[fake]") {
  const TemporaryFolder folder;
  Machine::instance().replace();
  {
    const Device device("cuda", {.tuning_cache = folder / "tuning.txt"});
    Runtime& runtime = *device.runtime();
    const Buffer kept = device.allocate_pinned(bytes);
    const std::vector<float> ones(count, 1.0F);
    std::memcpy(kept.data(), ones.data(), bytes);
    for (const std::int64_t size : {std::int64_t{bytes}, std::int64_t{16} << 20}) {
      CAPTURE(size);
      {
        const Buffer memory = device.allocate(size);
        runtime.copy_to_device(Stream::upload, memory.data(), kept.data(), bytes);
      }
      // The next owner of the same piece finds zeros, and no copy that comes late.
      const Buffer next = device.allocate(size);
      runtime.synchronize(Stream::upload);
      std::vector<std::byte> back(bytes);
      device.download(back, next.data());
      CHECK((read_floats(back) == std::vector<float>(count)));

      const Buffer pinned = device.allocate_pinned(bytes);
      std::memcpy(pinned.data(), ones.data(), bytes);
      runtime.copy_to_device(Stream::upload, next.data(), pinned.data(), bytes);
    }
  }
  CHECK(Machine::instance().left_over() == "");
}

}  // namespace sleight::test

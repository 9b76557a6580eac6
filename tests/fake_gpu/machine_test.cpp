// That the fake machine is as strict as it says: what it must refuse, and what it must get wrong on purpose.
#include <cmath>
#include <thread>

#include "catch2_adapter.h"
#include "tests/fake_gpu/machine.h"

namespace sleight::test {

namespace {

using fake::Machine;

// Two streams, four numbers on the device, and as many pinned.
struct Setup {
  explicit Setup(const fake::Settings& settings = {}) {
    Machine::instance().replace(settings);
    cudaSetDevice(0);
    cudaGetLastError();
    REQUIRE(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == cudaSuccess);
    REQUIRE(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking) == cudaSuccess);
    REQUIRE(cudaMalloc(&memory, bytes) == cudaSuccess);
    device = static_cast<float*>(memory);
    REQUIRE(cudaMallocHost(&memory, bytes) == cudaSuccess);
    pinned = static_cast<float*>(memory);
  }
  ~Setup() { Machine::instance().replace(); }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  cudaError_t upload(const void* from) { return cudaMemcpyAsync(device, from, bytes, cudaMemcpyHostToDevice, stream); }
  // The first number on the device, brought by `by` after what is queued there.
  float look(cudaStream_t by) {
    float numbers[4] = {};
    CHECK(cudaMemcpyAsync(numbers, device, bytes, cudaMemcpyDeviceToHost, by) == cudaSuccess);
    return numbers[0];
  }

  static constexpr std::size_t bytes = 16;
  cudaStream_t stream = nullptr, other = nullptr;
  void* memory = nullptr;
  float* device = nullptr;
  float* pinned = nullptr;
};

}  // namespace

TEST_CASE("fresh device memory is NaN, and there is only so much of it", "[fake]") {
  Setup setup({.total_bytes = 1024});
  CHECK(std::isnan(setup.look(setup.stream)));
  void* more = nullptr;
  CHECK(cudaMalloc(&more, 2048) == cudaErrorMemoryAllocation);
  CHECK(cudaGetLastError() == cudaErrorMemoryAllocation);
  CHECK(cudaGetLastError() == cudaSuccess);
}

TEST_CASE("pinned memory is read when its copy is done, other memory before the call returns", "[fake]") {
  Setup setup;
  float ordinary[4] = {1};
  CHECK(setup.upload(ordinary) == cudaSuccess);
  ordinary[0] = 2;
  CHECK(setup.look(setup.stream) == 1.0F);
  setup.pinned[0] = 3;
  CHECK(setup.upload(setup.pinned) == cudaSuccess);
  setup.pinned[0] = 4;
  CHECK(setup.look(setup.stream) == 4.0F);
}

TEST_CASE("streams are in order only by an event that one of them waits for", "[fake]") {
  Setup setup;
  cudaEvent_t event = nullptr;
  CHECK(cudaEventCreate(&event) == cudaSuccess);
  setup.pinned[0] = 5;
  CHECK(setup.upload(setup.pinned) == cudaSuccess);
  CHECK(cudaEventRecord(event, setup.stream) == cudaSuccess);
  CHECK(std::isnan(setup.look(setup.other)));
  CHECK(cudaStreamWaitEvent(setup.other, event, 0) == cudaSuccess);
  CHECK(setup.look(setup.other) == 5.0F);
}

TEST_CASE("addresses outside of device memory are refused, and end the context when work meets them", "[fake]") {
  Setup setup;
  float ordinary[4] = {};
  CHECK(cudaMemcpyAsync(setup.device + 1, ordinary, 16, cudaMemcpyHostToDevice, setup.stream) == cudaErrorInvalidValue);
  CHECK(cudaMemcpyAsync(ordinary, ordinary, 16, cudaMemcpyHostToDevice, setup.stream) == cudaErrorInvalidValue);
  CHECK(cudaMemsetAsync(ordinary, 0, 16, setup.stream) == cudaErrorInvalidValue);
  CHECK(fake::enqueue(setup.stream, {.name = "kernel", .accesses = {{ordinary, 0}}, .run = [] {}}) == cudaSuccess);
  CHECK(cudaStreamSynchronize(setup.stream) == cudaErrorIllegalAddress);
  CHECK(cudaGetLastError() == cudaErrorIllegalAddress);
  void* more = nullptr;
  CHECK(cudaMalloc(&more, 16) == cudaErrorIllegalAddress);
}

TEST_CASE("work that writes behind its block is found when the block is freed", "[fake]") {
  Setup setup;
  CHECK(fake::enqueue(setup.stream, {.name = "kernel", .run = [&] { setup.device[4] = 0; }}) == cudaSuccess);
  CHECK(cudaFree(setup.device) == cudaErrorIllegalAddress);
}

TEST_CASE("pinned memory that a queued copy still needs cannot go unnoticed", "[fake]") {
  Setup setup;
  CHECK(setup.upload(setup.pinned) == cudaSuccess);
  CHECK(cudaFreeHost(setup.pinned) == cudaErrorIllegalAddress);
}

TEST_CASE("a capture records and does nothing, a launch does what was recorded", "[fake]") {
  Setup setup;
  setup.pinned[0] = 1;
  CHECK(cudaStreamBeginCapture(setup.stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
  CHECK(setup.upload(setup.pinned) == cudaSuccess);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  CHECK(cudaStreamEndCapture(setup.stream, &graph) == cudaSuccess);
  CHECK(cudaGraphInstantiate(&executable, graph, 0) == cudaSuccess);
  CHECK(cudaGraphDestroy(graph) == cudaSuccess);
  CHECK(std::isnan(setup.look(setup.stream)));
  CHECK(cudaGraphLaunch(executable, setup.stream) == cudaSuccess);
  CHECK(setup.look(setup.stream) == 1.0F);
}

TEST_CASE("what a capture does not allow ends it with an error", "[fake]") {
  float ordinary[4] = {};
  const auto spoiled_by = [&](auto&& function) {
    Setup setup;
    cudaEvent_t event = nullptr;
    CHECK(cudaEventCreate(&event) == cudaSuccess);
    CHECK(cudaEventRecord(event, setup.stream) == cudaSuccess);
    CHECK(cudaStreamBeginCapture(setup.stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    const cudaError_t status = function(setup, event);
    cudaGraph_t graph = nullptr;
    CHECK(cudaStreamEndCapture(setup.stream, &graph) == cudaErrorStreamCaptureInvalidated);
    CHECK(graph == nullptr);
    return status;
  };
  void* more = nullptr;
  CHECK(spoiled_by([&](Setup&, cudaEvent_t) { return cudaMalloc(&more, 16); }) == cudaErrorStreamCaptureUnsupported);
  CHECK(spoiled_by([](Setup& setup, cudaEvent_t) { return cudaStreamSynchronize(setup.stream); }) ==
        cudaErrorStreamCaptureUnsupported);
  CHECK(spoiled_by([](Setup&, cudaEvent_t event) { return cudaEventSynchronize(event); }) ==
        cudaErrorStreamCaptureUnsupported);
  CHECK(spoiled_by([&](Setup& setup, cudaEvent_t) { return setup.upload(ordinary); }) ==
        cudaErrorStreamCaptureUnsupported);
  CHECK(spoiled_by([](Setup& setup, cudaEvent_t event) { return cudaStreamWaitEvent(setup.stream, event, 0); }) ==
        cudaErrorStreamCaptureIsolation);
}

TEST_CASE("another thread may allocate during a thread's capture, and may not end it", "[fake]") {
  Setup setup;
  CHECK(cudaStreamBeginCapture(setup.stream, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
  cudaError_t allocated = cudaErrorUnknown, ended = cudaErrorUnknown;
  cudaGraph_t graph = nullptr;
  std::thread([&] {
    void* more = nullptr;
    allocated = cudaMallocHost(&more, 16);
    ended = cudaStreamEndCapture(setup.stream, &graph);
  }).join();
  CHECK(allocated == cudaSuccess);
  CHECK(ended == cudaErrorStreamCaptureWrongThread);
  CHECK(cudaStreamEndCapture(setup.stream, &graph) == cudaSuccess);
}

TEST_CASE("time passes by work, and only what was reached has one", "[fake]") {
  Setup setup;
  cudaEvent_t start = nullptr, stop = nullptr;
  CHECK(cudaEventCreate(&start) == cudaSuccess);
  CHECK(cudaEventCreate(&stop) == cudaSuccess);
  float milliseconds = 0;
  CHECK(cudaEventElapsedTime(&milliseconds, start, stop) == cudaErrorInvalidResourceHandle);
  CHECK(cudaEventRecord(start, setup.stream) == cudaSuccess);
  CHECK(fake::enqueue(setup.stream, {.name = "kernel", .microseconds = 250, .run = [] {}}) == cudaSuccess);
  CHECK(cudaEventRecord(stop, setup.stream) == cudaSuccess);
  CHECK(cudaEventElapsedTime(&milliseconds, start, stop) == cudaErrorNotReady);
  CHECK(cudaEventSynchronize(stop) == cudaSuccess);
  CHECK(cudaEventElapsedTime(&milliseconds, start, stop) == cudaSuccess);
  CHECK(milliseconds == Approx(0.25));
}

TEST_CASE("what is left over is told", "[fake]") {
  {
    Setup setup;
    CHECK(Machine::instance().left_over() == "1 blocks of device memory; 1 blocks of pinned memory; 2 streams; ");
  }
  CHECK(Machine::instance().left_over() == "");
}

}  // namespace sleight::test

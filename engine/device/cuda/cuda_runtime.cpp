#include "engine/device/cuda/cuda_runtime.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/format_bytes.h"

namespace sleight {

namespace {

// The errors of a kernel that was launched and did not come to its end. Any later call returns them.
bool is_of_work(cudaError_t status) {
  return status == cudaErrorIllegalAddress || status == cudaErrorMisalignedAddress ||
         status == cudaErrorLaunchFailure || status == cudaErrorAssert || status == cudaErrorIllegalInstruction;
}

// Throws Error naming the call when it failed.
void check_cuda(cudaError_t status, std::string_view call) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // it would stay the "last error", and the next who asks would take it for his own
  fail(call, " failed: ", cudaGetErrorName(status), ", ", cudaGetErrorString(status),
       is_of_work(status) ? "; this is the error of a kernel that was queued earlier: with CUDA_LAUNCH_BLOCKING=1 the "
                            "call that queued it fails, and compute-sanitizer names it"
                          : "");
}

cudaDeviceProp properties_of(int index) {
  cudaDeviceProp properties{};
  check_cuda(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  return properties;
}

}  // namespace

CudaRuntime::CudaRuntime(int index, bool graphs) : index_(index), graphs_enabled_(graphs) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  check(status == cudaSuccess && count > 0, "cuda:", index,
        " cannot be used: there is no NVIDIA GPU, or no driver for it (",
        status == cudaSuccess ? "the driver finds none" : cudaGetErrorString(status),
        "); nvidia-smi shows what the driver sees. Use --device cpu");
  check(index < count, "there is no cuda:", index, ": this machine has ", count, count == 1 ? " GPU" : " GPUs",
        ", numbered from 0");
  check_cuda(cudaSetDevice(index), "cudaSetDevice");
  const cudaDeviceProp properties = properties_of(index);
  check(properties.major >= 8, properties.name, " has compute capability ", properties.major, ".", properties.minor,
        "; the kernels are compiled for 8.0 and newer");
  for (cudaStream_t& stream : streams_)
    check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  for (WriteSlot& slot : write_slots_)
    slot = {allocate_pinned(write_limit), make_event()};
  slabs_ = std::make_unique<SlabAllocator>([this](std::int64_t bytes) { return allocate_now(bytes); },
                                           [](std::byte* data) { cudaFree(data); });
}

CudaRuntime::~CudaRuntime() {
  slabs_.reset();
  for (const WriteSlot& slot : write_slots_)
    release_pinned(slot.memory, write_limit);
  for (const cudaGraphExec_t graph : graphs_) {
    if (graph != nullptr) cudaGraphExecDestroy(graph);
  }
  for (const cudaEvent_t event : events_)
    cudaEventDestroy(event);
  for (const cudaStream_t stream : streams_)
    cudaStreamDestroy(stream);
}

std::string CudaRuntime::description() const {
  return "cuda:" + std::to_string(index_) + " " + properties_of(index_).name;
}

DeviceMemory CudaRuntime::memory() const {
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
  check_cuda(cudaMemGetInfo(&free_bytes, &total_bytes), "cudaMemGetInfo");
  return {static_cast<std::int64_t>(free_bytes), static_cast<std::int64_t>(total_bytes)};
}

std::byte* CudaRuntime::allocate_now(std::int64_t bytes) const {
  void* data = nullptr;
  const cudaError_t status = cudaMalloc(&data, static_cast<std::size_t>(bytes));
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    const DeviceMemory now = memory();
    fail(description(), " has not enough memory for another ", format_bytes(bytes), ": ", format_bytes(now.free_bytes),
         " of ", format_bytes(now.total_bytes), " are free; a smaller batch or image size needs less");
  }
  check_cuda(status, "cudaMalloc");
  return static_cast<std::byte*>(data);
}

std::byte* CudaRuntime::allocate(std::int64_t bytes) {
  std::byte* const data = SlabAllocator::takes(bytes) ? slabs_->allocate(bytes) : allocate_now(bytes);
  // On the stream that will use it, so that the zeros are there first.
  fill(Stream::compute, data, 0, bytes);
  synchronize(Stream::compute);
  return data;
}

void CudaRuntime::release(std::byte* data, std::int64_t bytes) noexcept {
  // A piece of a slab may be reused at once, so nothing queued may still use it; cudaFree waits itself.
  if (!SlabAllocator::takes(bytes)) {
    cudaFree(data);
    return;
  }
  for (const cudaStream_t stream : streams_)
    cudaStreamSynchronize(stream);
  slabs_->release(data);
}

std::byte* CudaRuntime::allocate_pinned(std::int64_t bytes) {
  void* data = nullptr;
  const cudaError_t status = cudaMallocHost(&data, static_cast<std::size_t>(bytes));
  if (status != cudaSuccess) cudaGetLastError();
  check(status == cudaSuccess, "cannot get ", format_bytes(bytes), " of pinned memory (", cudaGetErrorString(status),
        "); a smaller batch needs less");
  std::fill_n(static_cast<std::byte*>(data), bytes, std::byte{0});
  return static_cast<std::byte*>(data);
}

void CudaRuntime::release_pinned(std::byte* data, std::int64_t /*bytes*/) noexcept {
  for (const cudaStream_t stream : streams_)
    cudaStreamSynchronize(stream);
  cudaFreeHost(data);
}

void CudaRuntime::copy_to_device(Stream on, void* to, const void* from, std::int64_t bytes) {
  check_cuda(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyHostToDevice, stream(on)),
             "cudaMemcpyAsync to the GPU");
}

void CudaRuntime::copy_to_host(Stream on, void* to, const void* from, std::int64_t bytes) {
  check_cuda(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToHost, stream(on)),
             "cudaMemcpyAsync from the GPU");
}

void CudaRuntime::copy_on_device(Stream on, void* to, const void* from, std::int64_t bytes) {
  check_cuda(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToDevice, stream(on)),
             "cudaMemcpyAsync on the GPU");
}

void CudaRuntime::write(Stream on, void* to, std::span<const std::byte> from) {
  check(from.size() <= write_limit, "write() takes at most ", write_limit, " bytes, got ", from.size());
  // By way of pinned memory: nothing says that CUDA has read pageable memory when an asynchronous copy returns.
  const WriteSlot& slot = write_slots_[next_write_++ % write_slots_.size()];
  synchronize(slot.copied);
  std::ranges::copy(from, slot.memory);
  copy_to_device(on, to, slot.memory, static_cast<std::int64_t>(from.size()));
  record(slot.copied, on);
}

void CudaRuntime::fill(Stream on, void* to, std::uint8_t value, std::int64_t bytes) {
  check_cuda(cudaMemsetAsync(to, value, static_cast<std::size_t>(bytes), stream(on)), "cudaMemsetAsync");
}

void CudaRuntime::upload(void* to, const void* from, std::int64_t bytes) {
  copy_to_device(Stream::compute, to, from, bytes);
  synchronize(Stream::compute);
}

void CudaRuntime::download(void* to, const void* from, std::int64_t bytes) {
  copy_to_host(Stream::compute, to, from, bytes);
  synchronize(Stream::compute);
}

void CudaRuntime::submit(Stream /*stream*/, std::string_view /*name*/, std::span<const Access> /*accesses*/,
                         const std::function<void()>& run) {
  run();
}

Runtime::EventId CudaRuntime::make_event() {
  if (!free_events_.empty()) {
    const EventId event = free_events_.back();
    free_events_.pop_back();
    return event;
  }
  cudaEvent_t made = nullptr;
  check_cuda(cudaEventCreate(&made), "cudaEventCreate");
  events_.push_back(made);
  free_events_.reserve(events_.size());  // so that release_event, which must not throw, never allocates
  return static_cast<EventId>(events_.size() - 1);
}

void CudaRuntime::release_event(EventId event) noexcept {
  free_events_.push_back(event);
}

void CudaRuntime::record(EventId id, Stream on) {
  check_cuda(cudaEventRecord(event(id), stream(on)), "cudaEventRecord");
}

void CudaRuntime::wait(Stream on, EventId id) {
  check_cuda(cudaStreamWaitEvent(stream(on), event(id)), "cudaStreamWaitEvent");
}

void CudaRuntime::synchronize(EventId id) {
  check_cuda(cudaEventSynchronize(event(id)), "work on the GPU (seen by cudaEventSynchronize)");
}

void CudaRuntime::synchronize(Stream on) {
  check_cuda(cudaStreamSynchronize(stream(on)), "work on the GPU (seen by cudaStreamSynchronize)");
}

double CudaRuntime::elapsed_milliseconds(EventId from, EventId to) {
  float milliseconds = 0.0F;
  check_cuda(cudaEventElapsedTime(&milliseconds, event(from), event(to)), "cudaEventElapsedTime");
  return static_cast<double>(milliseconds);
}

void CudaRuntime::begin_capture(Stream on) {
  // Thread-local: the loader's threads may allocate pinned memory meanwhile.
  check_cuda(cudaStreamBeginCapture(stream(on), cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
}

Runtime::GraphId CudaRuntime::end_capture(Stream on) {
  cudaGraph_t graph = nullptr;
  check_cuda(cudaStreamEndCapture(stream(on), &graph), "cudaStreamEndCapture");
  cudaGraphExec_t executable = nullptr;
  const cudaError_t status = cudaGraphInstantiate(&executable, graph, 0);
  cudaGraphDestroy(graph);
  check_cuda(status, "cudaGraphInstantiate");
  graphs_.push_back(executable);
  return static_cast<GraphId>(graphs_.size() - 1);
}

void CudaRuntime::abandon_capture(Stream on) noexcept {
  cudaGraph_t graph = nullptr;
  cudaStreamEndCapture(stream(on), &graph);
  if (graph != nullptr) cudaGraphDestroy(graph);
  cudaGetLastError();
}

void CudaRuntime::launch(GraphId graph, Stream on) {
  check_cuda(cudaGraphLaunch(graphs_.at(static_cast<std::size_t>(graph)), stream(on)), "cudaGraphLaunch");
}

void CudaRuntime::release_graph(GraphId graph) noexcept {
  for (const cudaStream_t stream : streams_)
    cudaStreamSynchronize(stream);
  cudaGraphExecDestroy(graphs_[graph]);
  graphs_[graph] = nullptr;
}

}  // namespace sleight

#include "tests/fake_gpu/machine.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>

#include "kernels/simt/executor.h"

namespace sleight::fake {

namespace {

// What cudaMalloc promises; after every block comes a guard that must stay unchanged.
constexpr std::size_t alignment = 256;
constexpr std::size_t red_zone = 256;

template <class T>
T* add(std::map<T*, std::unique_ptr<T>>& owned, std::unique_ptr<T> object) {
  T* const handle = object.get();
  owned[handle] = std::move(object);
  return handle;
}

std::string counted(std::size_t count, const char* what) {
  return count == 0 ? "" : std::to_string(count) + " " + what + "; ";
}

}  // namespace

Machine& Machine::instance() {
  static Machine machine;
  return machine;
}

Machine::~Machine() {
  const std::string left = left_over();
  if (!left.empty()) std::fprintf(stderr, "fake GPU: left over: %s\n", left.c_str());
}

void Machine::replace(Settings settings) {
  const std::lock_guard lock(mutex_);
  settings_ = std::move(settings);
  counts_ = {};
  sticky_ = cudaSuccess;
  now_ = 0;
  device_.clear();
  pinned_.clear();
  streams_.clear();
  events_.clear();
  graphs_.clear();
  executables_.clear();
}

std::string Machine::left_over() const {
  return counted(device_.size(), "blocks of device memory") + counted(pinned_.size(), "blocks of pinned memory") +
         counted(streams_.size(), "streams") + counted(events_.size(), "events") + counted(graphs_.size(), "graphs") +
         counted(executables_.size(), "executable graphs");
}

std::byte* Machine::add_block(Blocks& blocks, std::int64_t bytes, int device) {
  const std::size_t size = static_cast<std::size_t>(bytes) + alignment + red_zone;
  auto memory = std::make_unique_for_overwrite<std::byte[]>(size);
  std::memset(memory.get(), 0xFF, size);
  const std::size_t beyond = reinterpret_cast<std::uintptr_t>(memory.get()) % alignment;
  std::byte* const data = memory.get() + (beyond == 0 ? 0 : alignment - beyond);
  blocks[data] = {bytes, device, std::move(memory)};
  return data;
}

cudaError_t Machine::allocate(void** data, std::size_t bytes, int device) {
  if (bytes == 0) {
    *data = nullptr;
    return cudaSuccess;
  }
  const auto wanted = static_cast<std::int64_t>(bytes);
  if (used_bytes(device) + wanted > settings_.total_bytes) return cudaErrorMemoryAllocation;
  ++counts_.allocations;
  *data = add_block(device_, wanted, device);
  return cudaSuccess;
}

cudaError_t Machine::free(void* data) {
  const cudaError_t status = drain();  // cudaFree waits for all work
  if (data == nullptr) return status;
  const auto block = device_.find(static_cast<std::byte*>(data));
  if (block == device_.end()) return cudaErrorInvalidValue;
  const std::byte* const zone = block->first + block->second.bytes;
  const bool whole = std::all_of(zone, zone + red_zone, [](std::byte byte) { return byte == std::byte{0xFF}; });
  device_.erase(block);
  if (!whole) {
    std::fprintf(stderr, "fake GPU: work wrote behind a block of device memory\n");
    sticky_ = cudaErrorIllegalAddress;
  }
  return sticky_ != cudaSuccess ? sticky_ : status;
}

cudaError_t Machine::allocate_pinned(void** data, std::size_t bytes) {
  ++counts_.allocations;
  *data = add_block(pinned_, static_cast<std::int64_t>(bytes), 0);
  return cudaSuccess;
}

cudaError_t Machine::free_pinned(void* data) {
  if (data == nullptr) return cudaSuccess;
  const auto block = pinned_.find(static_cast<std::byte*>(data));
  if (block == pinned_.end()) return cudaErrorInvalidValue;
  // CUDA's manual promises no waiting here: a copy that is still queued would read or write what is gone.
  const std::byte* const begin = block->first;
  const std::byte* const end = begin + block->second.bytes;
  for (const auto& [handle, stream] : streams_) {
    for (const Work& work : stream->waiting) {
      for (const Access& access : work.accesses) {
        const auto* const address = static_cast<const std::byte*>(access.address);
        if (address < begin || address >= end) continue;
        std::fprintf(stderr, "fake GPU: pinned memory was freed before %s was done\n", work.name.c_str());
        sticky_ = cudaErrorIllegalAddress;
      }
    }
  }
  pinned_.erase(block);
  return sticky_;
}

std::int64_t Machine::used_bytes(int device) const {
  std::int64_t used = 0;
  for (const auto& [data, block] : device_) {
    if (block.device == device) used += block.bytes;
  }
  return used;
}

const Machine::Block* Machine::block_around(const Blocks& blocks, const void* data, std::int64_t bytes) {
  const auto* const begin = static_cast<const std::byte*>(data);
  auto block = blocks.upper_bound(begin);
  if (block == blocks.begin()) return nullptr;
  --block;
  return begin + bytes <= block->first + block->second.bytes ? &block->second : nullptr;
}

bool Machine::touches(const Blocks& blocks, const void* data, std::int64_t bytes) {
  const auto* const begin = static_cast<const std::byte*>(data);
  auto block = blocks.lower_bound(begin + bytes);
  if (block == blocks.begin()) return false;
  --block;
  return begin < block->first + block->second.bytes;
}

bool Machine::is_device(const void* data, std::int64_t bytes) const {
  return block_around(device_, data, bytes) != nullptr;
}
bool Machine::is_pinned(const void* data, std::int64_t bytes) const {
  return block_around(pinned_, data, bytes) != nullptr;
}
bool Machine::touches_device(const void* data, std::int64_t bytes) const {
  return touches(device_, data, bytes);
}
bool Machine::touches_pinned(const void* data, std::int64_t bytes) const {
  return touches(pinned_, data, bytes);
}

CUstream_st* Machine::make_stream(int device) {
  auto stream = std::make_unique<CUstream_st>();
  stream->device = device;
  stream->number = static_cast<int>(streams_.size());
  return add(streams_, std::move(stream));
}
CUevent_st* Machine::make_event(int device) {
  auto event = std::make_unique<CUevent_st>();
  event->device = device;
  return add(events_, std::move(event));
}
CUgraph_st* Machine::keep(std::unique_ptr<CUgraph_st> graph) {
  return add(graphs_, std::move(graph));
}
CUgraphExec_st* Machine::keep(std::unique_ptr<CUgraphExec_st> graph) {
  return add(executables_, std::move(graph));
}

cudaError_t Machine::enqueue(CUstream_st* stream, Work work) {
  if (sticky_ != cudaSuccess) return sticky_;
  if (!has(stream)) return cudaErrorInvalidResourceHandle;
  if (stream->capture) {
    if (stream->capture->invalidated) return cudaErrorStreamCaptureInvalidated;
    stream->capture->graph->work.push_back(std::move(work));
    return cudaSuccess;
  }
  ++stream->queued;
  stream->waiting.push_back(std::move(work));
  if (stream->number == settings_.eager_stream) advance(stream, stream->queued);
  return cudaSuccess;
}

void Machine::fail_access(const Work& work, const std::string& what) {
  std::fprintf(stderr, "fake GPU: %s names %s\n", work.name.c_str(), what.c_str());
  sticky_ = cudaErrorIllegalAddress;
}

void Machine::perform(const Work& work, int device) {
  for (const Access& access : work.accesses) {
    if (access.address == nullptr && access.bytes == 0) continue;
    const Block* const block = block_around(device_, access.address, access.bytes);
    if (block != nullptr && block->device != device) return fail_access(work, "memory of another GPU");
    // Kernels could read pinned memory over the bus. None of ours is meant to: only copies do.
    if (block == nullptr && (access.bytes == 0 || block_around(pinned_, access.address, access.bytes) == nullptr))
      return fail_access(work, std::to_string(access.bytes) + " bytes that are no memory of the device");
  }
  if (!settings_.failing_kernel.empty() && work.name == settings_.failing_kernel) {
    sticky_ = cudaErrorLaunchFailure;
    return;
  }
  now_ += work.microseconds;
  ++counts_.work;
  ++counts_.work_by_name[work.name];
  try {
    work.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fake GPU: %s\n", error.what());
    sticky_ = cudaErrorLaunchFailure;
  }
}

cudaError_t Machine::advance(CUstream_st* stream, std::int64_t count) {
  while (sticky_ == cudaSuccess && stream->done < count && !stream->waiting.empty()) {
    const Work work = std::move(stream->waiting.front());
    stream->waiting.pop_front();
    perform(work, stream->device);
    ++stream->done;
  }
  return sticky_;
}

cudaError_t Machine::drain() {
  for (const auto& [handle, stream] : streams_)
    advance(handle, stream->queued);
  return sticky_;
}

cudaError_t Machine::check_no_capture() {
  cudaError_t status = cudaSuccess;
  for (const auto& [handle, stream] : streams_) {
    if (!stream->capture || stream->capture->mode == cudaStreamCaptureModeRelaxed) continue;
    if (stream->capture->mode == cudaStreamCaptureModeThreadLocal &&
        stream->capture->thread != std::this_thread::get_id())
      continue;
    stream->capture->invalidated = true;
    status = cudaErrorStreamCaptureUnsupported;
  }
  return status;
}

int& current_device() {
  thread_local int device = 0;
  return device;
}

int enqueue(CUstream_st* stream, Work work) {
  Machine& machine = Machine::instance();
  const std::lock_guard lock(machine.mutex());
  // Kernels go to streams of the current GPU; copies may go to others.
  if (machine.has(stream) && stream->device != current_device()) return cudaErrorInvalidResourceHandle;
  if (!machine.settings().refused_kernel.empty() && work.name == machine.settings().refused_kernel)
    return cudaErrorLaunchOutOfResources;
  return machine.enqueue(stream, std::move(work));
}

bool compile_kernel() {
  Machine& machine = Machine::instance();
  const std::lock_guard lock(machine.mutex());
  machine.count_compilation();
  return machine.settings().compiler_works;
}

const char* describe_error(int error) {
  return cudaGetErrorString(static_cast<cudaError_t>(error));
}

}  // namespace sleight::fake

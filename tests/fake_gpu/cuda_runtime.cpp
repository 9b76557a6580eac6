// The functions of the CUDA runtime that the program calls, on the fake machine. This file takes the place of
// libcudart: a function that is missing here would bring the real library in, and the linker would complain of two
// cudaMalloc.
#include <cuda_runtime_api.h>

#include <cstring>
#include <utility>

#include "tests/fake_gpu/machine.h"

namespace {

using sleight::fake::current_device;
using sleight::fake::Machine;
using sleight::fake::Recording;
using sleight::fake::Work;

thread_local cudaError_t last_error = cudaSuccess;

// Calls function(machine) alone, and remembers the error that it returns. A device whose context has failed answers
// every call with that failure.
template <class Function>
cudaError_t call(Function&& function) {
  Machine& machine = Machine::instance();
  const std::lock_guard lock(machine.mutex());
  cudaError_t status = machine.sticky();
  if (status == cudaSuccess) status = function(machine);
  if (status != cudaSuccess) last_error = status;
  return status;
}

// As call, for what the manual forbids during a capture.
template <class Function>
cudaError_t call_outside_capture(Function&& function) {
  return call([&](Machine& machine) {
    const cudaError_t status = machine.check_no_capture();
    return status != cudaSuccess ? status : function(machine);
  });
}

Work copy(void* to, const void* from, std::size_t bytes) {
  return {.name = "copy",
          .accesses = {{to, static_cast<std::int64_t>(bytes)}, {from, static_cast<std::int64_t>(bytes)}},
          .microseconds = 1.0 + static_cast<double>(bytes) / 1e4,
          .run = [=] { std::memcpy(to, from, bytes); }};
}

cudaError_t copy_to_device(Machine& machine, void* to, const void* from, std::size_t bytes, cudaStream_t stream) {
  const auto size = static_cast<std::int64_t>(bytes);
  if (!machine.is_device(to, size) || machine.touches_device(from, size)) return cudaErrorInvalidValue;
  if (machine.is_pinned(from, size)) return machine.enqueue(stream, copy(to, from, bytes));
  if (machine.touches_pinned(from, size)) return cudaErrorInvalidValue;
  // Pageable memory is read before the call returns. A graph would read it again at each launch, whatever is there.
  if (const cudaError_t status = machine.check_no_capture(); status != cudaSuccess) return status;
  const auto* const begin = static_cast<const std::byte*>(from);
  return machine.enqueue(stream, {.name = "copy",
                                  .accesses = {{to, size}},
                                  .microseconds = 1.0,
                                  .run = [to, staged = std::vector<std::byte>(begin, begin + bytes)] {
                                    std::memcpy(to, staged.data(), staged.size());
                                  }});
}

cudaError_t copy_to_host(Machine& machine, void* to, const void* from, std::size_t bytes, cudaStream_t stream) {
  const auto size = static_cast<std::int64_t>(bytes);
  if (!machine.is_device(from, size) || machine.touches_device(to, size)) return cudaErrorInvalidValue;
  if (machine.is_pinned(to, size)) return machine.enqueue(stream, copy(to, from, bytes));
  if (machine.touches_pinned(to, size)) return cudaErrorInvalidValue;
  // To pageable memory the call returns when the copy is done.
  if (const cudaError_t status = machine.check_no_capture(); status != cudaSuccess) return status;
  Work work = copy(to, from, bytes);
  work.accesses = {{from, size}};
  const cudaError_t status = machine.enqueue(stream, std::move(work));
  return status != cudaSuccess ? status : machine.advance(stream, stream->queued);
}

}  // namespace

extern "C" {

// Devices.

cudaError_t cudaGetDeviceCount(int* count) {
  return call([&](Machine& machine) {
    *count = machine.settings().gpus;
    return *count > 0 ? cudaSuccess : cudaErrorNoDevice;
  });
}

cudaError_t cudaSetDevice(int device) {
  return call([&](Machine& machine) {
    if (device < 0 || device >= machine.settings().gpus) return cudaErrorInvalidDevice;
    current_device() = device;
    return cudaSuccess;
  });
}

cudaError_t cudaGetDevice(int* device) {
  return call([&](Machine&) {
    *device = current_device();
    return cudaSuccess;
  });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return call([&](Machine& machine) {
    if (device < 0 || device >= machine.settings().gpus) return cudaErrorInvalidDevice;
    *properties = {};
    machine.settings().name.copy(properties->name, sizeof(properties->name) - 1);
    properties->major = machine.settings().major;
    properties->minor = machine.settings().minor;
    properties->multiProcessorCount = 4;
    properties->l2CacheSize = 1 << 14;
    properties->totalGlobalMem = static_cast<std::size_t>(machine.settings().total_bytes);
    return cudaSuccess;
  });
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

// Errors.

cudaError_t cudaGetLastError() {
  const cudaError_t sticky = Machine::instance().sticky();
  return sticky != cudaSuccess ? sticky : std::exchange(last_error, cudaSuccess);
}

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    case cudaErrorInvalidResourceHandle:
      return "cudaErrorInvalidResourceHandle";
    case cudaErrorNotReady:
      return "cudaErrorNotReady";
    case cudaErrorIllegalAddress:
      return "cudaErrorIllegalAddress";
    case cudaErrorLaunchOutOfResources:
      return "cudaErrorLaunchOutOfResources";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
    case cudaErrorStreamCaptureUnsupported:
      return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorStreamCaptureInvalidated:
      return "cudaErrorStreamCaptureInvalidated";
    case cudaErrorStreamCaptureIsolation:
      return "cudaErrorStreamCaptureIsolation";
    case cudaErrorStreamCaptureWrongThread:
      return "cudaErrorStreamCaptureWrongThread";
    case cudaErrorIllegalState:
      return "cudaErrorIllegalState";
    case cudaErrorCapturedEvent:
      return "cudaErrorCapturedEvent";
    default:
      return "an error of the fake GPU";
  }
}
const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "out of memory" : cudaGetErrorName(error);
}

// Memory.

cudaError_t cudaMalloc(void** data, std::size_t bytes) {
  return call_outside_capture([&](Machine& machine) { return machine.allocate(data, bytes, current_device()); });
}
cudaError_t cudaFree(void* data) {
  return call_outside_capture([&](Machine& machine) { return machine.free(data); });
}
cudaError_t cudaMallocHost(void** data, std::size_t bytes) {
  return call_outside_capture([&](Machine& machine) { return machine.allocate_pinned(data, bytes); });
}
cudaError_t cudaFreeHost(void* data) {
  return call_outside_capture([&](Machine& machine) { return machine.free_pinned(data); });
}

cudaError_t cudaMemGetInfo(std::size_t* free_bytes, std::size_t* total_bytes) {
  return call([&](Machine& machine) {
    *total_bytes = static_cast<std::size_t>(machine.settings().total_bytes);
    *free_bytes = *total_bytes - static_cast<std::size_t>(machine.used_bytes(current_device()));
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return call([&](Machine& machine) {
    if (!machine.has(stream)) return cudaErrorInvalidResourceHandle;
    if (bytes == 0) return cudaSuccess;
    if (kind == cudaMemcpyHostToDevice) return copy_to_device(machine, to, from, bytes, stream);
    if (kind == cudaMemcpyDeviceToHost) return copy_to_host(machine, to, from, bytes, stream);
    const auto size = static_cast<std::int64_t>(bytes);
    if (kind != cudaMemcpyDeviceToDevice || !machine.is_device(to, size) || !machine.is_device(from, size))
      return cudaErrorInvalidValue;
    return machine.enqueue(stream, copy(to, from, bytes));
  });
}

cudaError_t cudaMemsetAsync(void* data, int value, std::size_t bytes, cudaStream_t stream) {
  return call([&](Machine& machine) {
    const auto size = static_cast<std::int64_t>(bytes);
    if (bytes > 0 && !machine.is_device(data, size)) return cudaErrorInvalidValue;
    return machine.enqueue(stream, {.name = "memset", .accesses = {{data, size}}, .microseconds = 1.0, .run = [=] {
                                      std::memset(data, value, bytes);
                                    }});
  });
}

// Streams.

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return call([&](Machine& machine) {
    // Streams that wait for the legacy stream are not faked.
    if (flags != cudaStreamNonBlocking) return cudaErrorInvalidValue;
    *stream = machine.make_stream(current_device());
    return cudaSuccess;
  });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  Machine& machine = Machine::instance();
  const std::lock_guard lock(machine.mutex());
  if (!machine.has(stream)) return last_error = cudaErrorInvalidResourceHandle;
  machine.drain();
  machine.destroy(stream);
  return machine.sticky();
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call_outside_capture([&](Machine& machine) {
    return machine.has(stream) ? machine.advance(stream, stream->queued) : cudaErrorInvalidResourceHandle;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned /*flags*/) {
  return call([&](Machine& machine) {
    if (!machine.has(stream) || !machine.has(event)) return cudaErrorInvalidResourceHandle;
    const std::shared_ptr<Recording> recording = event->recording;
    if (stream->capture) {
      // Forks into other streams during a capture are not faked.
      if (recording && recording->captured && recording->stream == stream) return cudaSuccess;
      stream->capture->invalidated = true;
      return cudaErrorStreamCaptureIsolation;
    }
    if (!recording) return cudaSuccess;
    if (recording->captured) return cudaErrorCapturedEvent;
    return machine.enqueue(stream, {.name = "wait", .accesses = {}, .microseconds = 0.0, .run = [&machine, recording] {
                                      if (!recording->time) machine.advance(recording->stream, recording->number);
                                    }});
  });
}

// Events.

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return call([&](Machine& machine) {
    *event = machine.make_event(current_device());
    return cudaSuccess;
  });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  Machine& machine = Machine::instance();
  const std::lock_guard lock(machine.mutex());
  if (!machine.has(event)) return last_error = cudaErrorInvalidResourceHandle;
  machine.destroy(event);
  return machine.sticky();
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call([&](Machine& machine) {
    if (!machine.has(event) || !machine.has(stream) || event->device != stream->device)
      return cudaErrorInvalidResourceHandle;
    const auto recording = std::make_shared<Recording>();
    recording->stream = stream;
    recording->captured = stream->capture != nullptr;
    recording->number = stream->queued + 1;
    event->recording = recording;
    return machine.enqueue(stream,
                           {.name = "record", .accesses = {}, .microseconds = 0.0, .run = [&machine, recording] {
                              recording->time = machine.now();
                            }});
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call_outside_capture([&](Machine& machine) {
    if (!machine.has(event)) return cudaErrorInvalidResourceHandle;
    const std::shared_ptr<Recording> recording = event->recording;
    if (!recording || recording->time) return cudaSuccess;
    if (recording->captured) return cudaErrorCapturedEvent;
    return machine.advance(recording->stream, recording->number);
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return call([&](Machine& machine) {
    if (!machine.has(start) || !machine.has(end) || !start->recording || !end->recording)
      return cudaErrorInvalidResourceHandle;
    if (!start->recording->time || !end->recording->time) return cudaErrorNotReady;
    *milliseconds = static_cast<float>((*end->recording->time - *start->recording->time) / 1000.0);
    return cudaSuccess;
  });
}

// Graphs.

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return call([&](Machine& machine) {
    if (!machine.has(stream)) return cudaErrorInvalidResourceHandle;
    if (stream->capture) return cudaErrorIllegalState;
    stream->capture = std::make_unique<sleight::fake::Capture>();
    stream->capture->mode = mode;
    stream->capture->thread = std::this_thread::get_id();
    return cudaSuccess;
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  return call([&](Machine& machine) {
    *graph = nullptr;
    if (!machine.has(stream)) return cudaErrorInvalidResourceHandle;
    if (!stream->capture) return cudaErrorIllegalState;
    if (stream->capture->mode != cudaStreamCaptureModeRelaxed && stream->capture->thread != std::this_thread::get_id())
      return cudaErrorStreamCaptureWrongThread;
    const auto capture = std::move(stream->capture);
    if (capture->invalidated) return cudaErrorStreamCaptureInvalidated;
    machine.count_capture();
    *graph = machine.keep(std::move(capture->graph));
    return cudaSuccess;
  });
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long /*flags*/) {
  return call([&](Machine& machine) {
    if (!machine.has(graph)) return cudaErrorInvalidValue;
    auto made = std::make_unique<CUgraphExec_st>();
    made->work = graph->work;
    *executable = machine.keep(std::move(made));
    return cudaSuccess;
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return call([&](Machine& machine) {
    if (!machine.has(executable) || !machine.has(stream)) return cudaErrorInvalidValue;
    machine.count_graph_launch();
    for (const Work& work : executable->work) {
      const cudaError_t status = machine.enqueue(stream, work);
      if (status != cudaSuccess) return status;
    }
    return cudaSuccess;
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  Machine& machine = Machine::instance();
  const std::lock_guard lock(machine.mutex());
  if (!machine.has(graph)) return last_error = cudaErrorInvalidValue;
  machine.destroy(graph);
  return machine.sticky();
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  Machine& machine = Machine::instance();
  const std::lock_guard lock(machine.mutex());
  if (!machine.has(executable)) return last_error = cudaErrorInvalidValue;
  machine.destroy(executable);
  return machine.sticky();
}

}  // extern "C"

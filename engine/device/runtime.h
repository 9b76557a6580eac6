// The interface to a device's memory: allocations, work in stream order, events between streams, graphs. Three classes
// implement it: HostRuntime (cpu and simt: all work runs at once), CudaRuntime (engine/device/cuda), and
// RecordingRuntime in the tests, which delays work like a GPU and reports unordered accesses.
//
// A stream is a queue of work done in order; two streams are not ordered unless an event says so. There are two:
// one computes while the other copies the next batch to the device. Calls that queue work return before it is done.
// Memory they name must stay alive, and memory they read must stay unchanged, until the stream is synchronized or an
// event recorded after them has been waited for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace sleight {

enum class Stream : std::uint8_t { compute, upload };
inline constexpr int stream_count = 2;

// Memory that a piece of work reads or writes; only RecordingRuntime checks it.
struct Access {
  const void* data = nullptr;
  std::int64_t bytes = 0;
  bool writes = false;
};

struct DeviceMemory {
  std::int64_t free_bytes = 0;
  std::int64_t total_bytes = 0;
};

class Runtime {
 public:
  using EventId = std::int32_t;
  using GraphId = std::int32_t;

  Runtime() = default;
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  virtual ~Runtime() = default;

  // For messages: "cpu", "cuda:0 NVIDIA H200".
  virtual std::string description() const = 0;
  // Whether device memory is ordinary memory: nothing needs to be copied there or back.
  virtual bool is_host() const = 0;
  virtual DeviceMemory memory() const = 0;

  // Device memory, zeroed, aligned to 256 bytes on a GPU and to 64 on the host. Throws Error naming the size when there
  // is not enough. release() waits for all work that may still use it.
  virtual std::byte* allocate(std::int64_t bytes) = 0;
  virtual void release(std::byte* data, std::int64_t bytes) noexcept = 0;
  // Host memory that a copy can read from, or write to, while the host goes on.
  virtual std::byte* allocate_pinned(std::int64_t bytes) = 0;
  virtual void release_pinned(std::byte* data, std::int64_t bytes) noexcept = 0;

  // Queue a copy. from (to the device) and to (to the host) are pinned memory.
  virtual void copy_to_device(Stream stream, void* to, const void* from, std::int64_t bytes) = 0;
  virtual void copy_to_host(Stream stream, void* to, const void* from, std::int64_t bytes) = 0;
  virtual void copy_on_device(Stream stream, void* to, const void* from, std::int64_t bytes) = 0;
  // Queue a copy of a few bytes (at most 64 KiB) from ordinary memory, which is read before this returns.
  virtual void write(Stream stream, void* to, std::span<const std::byte> from) = 0;
  virtual void fill(Stream stream, void* to, std::uint8_t value, std::int64_t bytes) = 0;
  // Copy between ordinary and device memory now, after everything queued on the compute stream.
  virtual void upload(void* to, const void* from, std::int64_t bytes) = 0;
  virtual void download(void* to, const void* from, std::int64_t bytes) = 0;
  // Queues work that calls kernels. On a GPU `run` is called now, and its kernels are queued.
  virtual void submit(Stream stream, std::string_view name, std::span<const Access> accesses,
                      const std::function<void()>& run) = 0;

  virtual EventId make_event() = 0;
  virtual void release_event(EventId event) noexcept = 0;
  // The event happens when all work queued so far on the stream is done.
  virtual void record(EventId event, Stream stream) = 0;
  // Work queued on the stream from now on starts after the event's last record. An event that was never recorded counts
  // as complete.
  virtual void wait(Stream stream, EventId event) = 0;
  // The host waits. Errors of the work queued before it surface here.
  virtual void synchronize(EventId event) = 0;
  virtual void synchronize(Stream stream) = 0;
  // Milliseconds between two events that have happened.
  virtual double elapsed_milliseconds(EventId from, EventId to) = 0;

  // A graph is a list of work recorded once and queued again by one call, with the same addresses. Between
  // begin_capture and end_capture, work queued on the stream is recorded and not run; allocations and synchronize()
  // are errors.
  virtual bool has_graphs() const = 0;
  virtual void begin_capture(Stream stream) = 0;
  virtual GraphId end_capture(Stream stream) = 0;
  // After an error during the capture: discards what was recorded.
  virtual void abandon_capture(Stream stream) noexcept = 0;
  virtual void launch(GraphId graph, Stream stream) = 0;
  virtual void release_graph(GraphId graph) noexcept = 0;
};

}  // namespace sleight

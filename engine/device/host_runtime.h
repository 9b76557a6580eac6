// The runtime of cpu and simt: device memory is ordinary memory, and work is done before the call that queues it
// returns. Streams, events and the order between them are therefore always right, and there is nothing to capture.
#pragma once

#include <chrono>
#include <vector>

#include "engine/device/runtime.h"

namespace sleight {

// Ordinary memory, zeroed, aligned to 64 bytes (a cache line, what vector units and oneDNN want); large pieces on huge
// pages. Throws Error when there is not enough.
std::byte* allocate_host_memory(std::int64_t bytes);
void release_host_memory(std::byte* data, std::int64_t bytes) noexcept;

class HostRuntime : public Runtime {
 public:
  explicit HostRuntime(std::string description) : description_(std::move(description)) {}

  std::string description() const override { return description_; }
  bool is_host() const override { return true; }
  DeviceMemory memory() const override;
  std::byte* allocate(std::int64_t bytes) override { return allocate_host_memory(bytes); }
  void release(std::byte* data, std::int64_t bytes) noexcept override { release_host_memory(data, bytes); }
  std::byte* allocate_pinned(std::int64_t bytes) override { return allocate_host_memory(bytes); }
  void release_pinned(std::byte* data, std::int64_t bytes) noexcept override { release_host_memory(data, bytes); }
  void copy_to_device(Stream stream, void* to, const void* from, std::int64_t bytes) override;
  void copy_to_host(Stream stream, void* to, const void* from, std::int64_t bytes) override;
  void copy_on_device(Stream stream, void* to, const void* from, std::int64_t bytes) override;
  void write(Stream stream, void* to, std::span<const std::byte> from) override;
  void fill(Stream stream, void* to, std::uint8_t value, std::int64_t bytes) override;
  void upload(void* to, const void* from, std::int64_t bytes) override;
  void download(void* to, const void* from, std::int64_t bytes) override;
  void submit(Stream stream, std::string_view name, std::span<const Access> accesses,
              const std::function<void()>& run) override;
  EventId make_event() override;
  void release_event(EventId event) noexcept override;
  void record(EventId event, Stream stream) override;
  void wait(Stream /*stream*/, EventId /*event*/) override {}
  void synchronize(EventId /*event*/) override {}
  void synchronize(Stream /*stream*/) override {}
  double elapsed_milliseconds(EventId from, EventId to) override;
  bool has_graphs() const override { return false; }
  void begin_capture(Stream stream) override;
  GraphId end_capture(Stream stream) override;
  void abandon_capture(Stream /*stream*/) noexcept override {}
  void launch(GraphId graph, Stream stream) override;
  void release_graph(GraphId /*graph*/) noexcept override {}

 private:
  std::string description_;
  std::vector<std::chrono::steady_clock::time_point> events_;
  std::vector<EventId> free_events_;
};

}  // namespace sleight

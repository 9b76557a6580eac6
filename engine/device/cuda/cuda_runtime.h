// The runtime of one NVIDIA GPU: cudaMalloc, two streams, events, CUDA graphs.
#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <memory>
#include <vector>

#include "engine/device/runtime.h"
#include "engine/device/slab_allocator.h"

namespace sleight {

class CudaRuntime : public Runtime {
 public:
  // Throws Error when there is no driver or no such GPU.
  CudaRuntime(int index, bool graphs);
  ~CudaRuntime() override;

  cudaStream_t stream(Stream stream) const { return streams_[static_cast<std::size_t>(stream)]; }

  std::string description() const override;
  bool is_host() const override { return false; }
  DeviceMemory memory() const override;
  std::byte* allocate(std::int64_t bytes) override;
  void release(std::byte* data, std::int64_t bytes) noexcept override;
  std::byte* allocate_pinned(std::int64_t bytes) override;
  void release_pinned(std::byte* data, std::int64_t bytes) noexcept override;
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
  void wait(Stream stream, EventId event) override;
  void synchronize(EventId event) override;
  void synchronize(Stream stream) override;
  double elapsed_milliseconds(EventId from, EventId to) override;
  bool has_graphs() const override { return graphs_enabled_; }
  void begin_capture(Stream stream) override;
  GraphId end_capture(Stream stream) override;
  void abandon_capture(Stream stream) noexcept override;
  void launch(GraphId graph, Stream stream) override;
  void release_graph(GraphId graph) noexcept override;

 private:
  // Where write() puts bytes until they are copied, used in turn.
  struct WriteSlot {
    std::byte* memory = nullptr;  // pinned, write_limit bytes
    EventId copied{};
  };
  static constexpr std::size_t write_limit = 65536;

  cudaEvent_t event(EventId event) const { return events_.at(static_cast<std::size_t>(event)); }
  std::byte* allocate_now(std::int64_t bytes) const;

  int index_;
  bool graphs_enabled_;
  std::array<cudaStream_t, stream_count> streams_{};
  std::vector<cudaEvent_t> events_;
  std::vector<EventId> free_events_;
  std::vector<cudaGraphExec_t> graphs_;  // null where released
  std::array<WriteSlot, 8> write_slots_{};
  std::size_t next_write_ = 0;
  std::unique_ptr<SlabAllocator> slabs_;
};

}  // namespace sleight

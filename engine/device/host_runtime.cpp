#include "engine/device/host_runtime.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20U;

std::size_t rounded_size(std::int64_t bytes) {
  const std::size_t rounded = (static_cast<std::size_t>(bytes) + 63) / 64 * 64;
  return rounded == 0 ? 64 : rounded;
}

}  // namespace

std::byte* allocate_host_memory(std::int64_t bytes) {
  const std::size_t rounded = rounded_size(bytes);
  if (rounded < huge_page) {
    void* data = std::aligned_alloc(64, rounded);
    check(data != nullptr, "not enough memory for a buffer of ", bytes, " bytes");
    std::memset(data, 0, rounded);
    return static_cast<std::byte*>(data);
  }
  // Large buffers (the arena) on huge pages: a training step walks hundreds of megabytes, and with 4 KiB pages a good
  // part of its time goes into page faults and address translation.
  void* data = mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  check(data != MAP_FAILED, "not enough memory for a buffer of ", bytes,
        " bytes; a smaller batch or image size needs less");
  madvise(data, rounded, MADV_HUGEPAGE);
  return static_cast<std::byte*>(data);
}

void release_host_memory(std::byte* data, std::int64_t bytes) noexcept {
  const std::size_t rounded = rounded_size(bytes);
  if (rounded < huge_page) {
    std::free(data);
  } else {
    munmap(data, rounded);
  }
}

DeviceMemory HostRuntime::memory() const {
  const std::int64_t page = sysconf(_SC_PAGESIZE);
  return {.free_bytes = sysconf(_SC_AVPHYS_PAGES) * page, .total_bytes = sysconf(_SC_PHYS_PAGES) * page};
}

void HostRuntime::copy_to_device(Stream /*stream*/, void* to, const void* from, std::int64_t bytes) {
  upload(to, from, bytes);
}

void HostRuntime::copy_to_host(Stream /*stream*/, void* to, const void* from, std::int64_t bytes) {
  upload(to, from, bytes);
}

void HostRuntime::copy_on_device(Stream /*stream*/, void* to, const void* from, std::int64_t bytes) {
  upload(to, from, bytes);
}

void HostRuntime::upload(void* to, const void* from, std::int64_t bytes) {
  std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

void HostRuntime::download(void* to, const void* from, std::int64_t bytes) {
  upload(to, from, bytes);
}

void HostRuntime::write(Stream /*stream*/, void* to, std::span<const std::byte> from) {
  std::memcpy(to, from.data(), from.size());
}

void HostRuntime::fill(Stream /*stream*/, void* to, std::uint8_t value, std::int64_t bytes) {
  std::memset(to, value, static_cast<std::size_t>(bytes));
}

void HostRuntime::submit(Stream /*stream*/, std::string_view /*name*/, std::span<const Access> /*accesses*/,
                         const std::function<void()>& run) {
  run();
}

Runtime::EventId HostRuntime::make_event() {
  if (!free_events_.empty()) {
    const EventId event = free_events_.back();
    free_events_.pop_back();
    return event;
  }
  events_.emplace_back();
  // So that release_event, which must not throw, never allocates.
  free_events_.reserve(events_.size());
  return static_cast<EventId>(events_.size() - 1);
}

void HostRuntime::release_event(EventId event) noexcept {
  free_events_.push_back(event);
}

void HostRuntime::record(EventId event, Stream /*stream*/) {
  events_.at(static_cast<std::size_t>(event)) = std::chrono::steady_clock::now();
}

double HostRuntime::elapsed_milliseconds(EventId from, EventId to) {
  const auto time = events_.at(static_cast<std::size_t>(to)) - events_.at(static_cast<std::size_t>(from));
  return std::chrono::duration<double, std::milli>(time).count();
}

void HostRuntime::begin_capture(Stream /*stream*/) {
  fail(description_, " has no graphs: work is done as it is queued");
}

Runtime::GraphId HostRuntime::end_capture(Stream /*stream*/) {
  fail(description_, " has no graphs");
}

void HostRuntime::launch(GraphId /*graph*/, Stream /*stream*/) {
  fail(description_, " has no graphs");
}

}  // namespace sleight

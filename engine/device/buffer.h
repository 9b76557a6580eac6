// Memory of a device, owned: a piece of device memory, or of pinned host memory, that returns to its runtime.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "engine/device/runtime.h"

namespace sleight {

enum class MemoryKind : std::uint8_t { device, pinned };

class Buffer {
 public:
  Buffer() = default;
  // Zeroed. Throws Error naming the size when there is not enough.
  Buffer(std::shared_ptr<Runtime> runtime, std::int64_t bytes, MemoryKind kind = MemoryKind::device);
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }
  ~Buffer();

  // Not to be read or written by the host unless the memory is pinned or the runtime is the host's.
  std::byte* data() const { return data_; }
  std::int64_t size() const { return size_; }

 private:
  void swap(Buffer& other) noexcept {
    std::swap(runtime_, other.runtime_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(kind_, other.kind_);
  }

  std::shared_ptr<Runtime> runtime_;
  std::byte* data_ = nullptr;
  std::int64_t size_ = 0;
  MemoryKind kind_ = MemoryKind::device;
};

}  // namespace sleight

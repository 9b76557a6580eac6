// Memory of a device, owned. Aligned to 64 bytes on the host (a cache line, what vector units and oneDNN want) and to
// 256 on a GPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace sleight {

// Gives back what was mapped (mapped_bytes > 0) or allocated.
struct HostMemoryRelease {
  std::size_t mapped_bytes = 0;
  void operator()(std::byte* data) const;
};

class Buffer {
 public:
  Buffer() = default;
  // Host memory, zeroed. Throws Error naming the size when there is not enough.
  explicit Buffer(std::int64_t bytes);

  std::byte* data() const { return data_.get(); }
  std::int64_t size() const { return size_; }
  std::span<std::byte> bytes() const { return {data_.get(), static_cast<std::size_t>(size_)}; }

 private:
  std::unique_ptr<std::byte, HostMemoryRelease> data_;
  std::int64_t size_ = 0;
};

}  // namespace sleight

#include "engine/device/buffer.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "engine/base/error.h"

namespace sleight {

namespace {
constexpr std::size_t huge_page = std::size_t{2} << 20U;
}

void HostMemoryRelease::operator()(std::byte* data) const {
  if (mapped_bytes > 0) {
    munmap(data, mapped_bytes);
  } else {
    std::free(data);
  }
}

Buffer::Buffer(std::int64_t bytes) : size_(bytes) {
  check(bytes >= 0, "a buffer of ", bytes, " bytes was asked for");
  const std::size_t rounded = (static_cast<std::size_t>(bytes) + 63) / 64 * 64;
  if (rounded < huge_page) {
    void* data = std::aligned_alloc(64, rounded == 0 ? 64 : rounded);
    check(data != nullptr, "not enough memory for a buffer of ", bytes, " bytes");
    std::memset(data, 0, rounded);
    data_ = {static_cast<std::byte*>(data), HostMemoryRelease{}};
    return;
  }
  // Large buffers (the arena) on huge pages: a training step walks hundreds of megabytes, and with 4 KiB pages a good
  // part of its time goes into page faults and address translation.
  void* data = mmap(nullptr, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  check(data != MAP_FAILED, "not enough memory for a buffer of ", bytes,
        " bytes; a smaller batch or picture size needs less");
  madvise(data, rounded, MADV_HUGEPAGE);
  data_ = {static_cast<std::byte*>(data), HostMemoryRelease{rounded}};
}

}  // namespace sleight

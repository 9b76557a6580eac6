// Any bytes as an archive: read or refused with an Error, and no more is inflated than is allowed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "engine/base/error.h"
#include "engine/data/files/archive.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> archive(reinterpret_cast<const std::byte*>(data), size);
  constexpr std::size_t limit = std::size_t{1} << 20;
  try {
    std::size_t inflated = 0;
    for (const sleight::ArchiveEntry& entry : sleight::read_archive(archive, limit).entries) {
      if (entry.path.empty() || entry.path.front() == '/') std::abort();
      const bool is_inside = entry.bytes.empty() || (entry.bytes.data() >= archive.data() &&
                                                     entry.bytes.data() + entry.bytes.size() <= archive.data() + size);
      if (!is_inside) inflated += entry.bytes.size();
    }
    if (inflated > limit) std::abort();
  } catch (const sleight::Error&) {
    return 0;
  }
  return 0;
}

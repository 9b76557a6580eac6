// Any bytes as a tar or gzip file: read or refused with an Error, and every entry lies inside the archive.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "engine/base/error.h"
#include "engine/data/files/gzip.h"
#include "engine/data/files/tar.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::span<const std::byte> archive(reinterpret_cast<const std::byte*>(data), size);
  try {
    std::vector<std::byte> inflated;
    if (sleight::is_gzip(archive)) {
      inflated = sleight::inflate_gzip(archive, std::size_t{1} << 22);
      archive = inflated;
    }
    for (const sleight::TarEntry& entry : sleight::read_tar(archive)) {
      const bool is_inside =
          entry.bytes.empty() || (entry.bytes.data() >= archive.data() &&
                                  entry.bytes.data() + entry.bytes.size() <= archive.data() + archive.size());
      if (!is_inside || entry.path.empty() || entry.path.front() == '/') std::abort();
    }
  } catch (const sleight::Error&) {
    return 0;
  }
  return 0;
}

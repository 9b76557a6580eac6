// Any bytes as an archive: read or refused with an Error, and no more is inflated than is allowed; and the tree that its
// links make lies inside of the archive and stays small.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/data/files/archive.h"
#include "engine/data/files/file_tree.h"

namespace {

constexpr std::size_t limit = std::size_t{1} << 20;

void check_entries(std::span<const std::byte> archive) {
  std::size_t inflated = 0;
  for (const sleight::ArchiveEntry& entry : sleight::read_archive(archive, limit).entries) {
    if (entry.path.empty() || entry.path.front() == '/') std::abort();
    const bool is_inside =
        entry.bytes.empty() || (entry.bytes.data() >= archive.data() &&
                                entry.bytes.data() + entry.bytes.size() <= archive.data() + archive.size());
    if (!is_inside) inflated += entry.bytes.size();
  }
  if (inflated > limit) std::abort();
}

// A tree is opened by its path: this is one without a disk.
class MemoryFile {
 public:
  explicit MemoryFile(std::span<const std::byte> bytes) : descriptor_(memfd_create("archive", 0)) {
    if (descriptor_ < 0 || write(descriptor_, bytes.data(), bytes.size()) != std::ssize(bytes)) std::abort();
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_ = -1;
};

void check_tree(const MemoryFile& archive) {
  const std::unique_ptr<sleight::FileTree> tree = sleight::open_archive_tree(archive.path(), limit);
  std::vector<std::byte> memory;
  std::size_t total = 0;
  for (std::size_t file = 0; file < tree->files().size(); ++file) {
    if (tree->files()[file].empty() || tree->find(tree->files()[file]) != file) std::abort();
    // Every byte handed out can be read.
    for (const std::byte byte : tree->read_part(file, 0, 64, memory))
      total += static_cast<std::size_t>(byte);
  }
  if (total == static_cast<std::size_t>(-1)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> archive(reinterpret_cast<const std::byte*>(data), size);
  try {
    check_entries(archive);
    check_tree(MemoryFile(archive));
  } catch (const sleight::Error&) {
    return 0;
  }
  return 0;
}

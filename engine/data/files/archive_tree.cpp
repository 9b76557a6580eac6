#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/data/files/file_tree.h"
#include "engine/data/files/gzip.h"
#include "engine/data/files/tar.h"

namespace sleight {

namespace {

bool is_hidden(const std::string& path) {
  return path.starts_with('.') || path.find("/.") != std::string::npos;
}

class ArchiveTree : public FileTree {
 public:
  ArchiveTree(const std::filesystem::path& archive, std::size_t maximum_inflated_bytes)
      : mapped_(std::make_unique<MappedFile>(archive)) {
    root_ = archive.string();
    with_context(root_, [&] {
      std::span<const std::byte> bytes = mapped_->bytes();
      if (is_gzip(bytes)) {
        inflated_ = inflate_gzip(bytes, maximum_inflated_bytes);
        bytes = inflated_;
        mapped_.reset();
      }
      take(read_tar(bytes));
    });
  }

  std::span<const std::byte> read(std::size_t file, std::vector<std::byte>&) const override { return bytes_[file]; }
  std::span<const std::byte> read_part(std::size_t file, std::size_t offset, std::size_t count,
                                       std::vector<std::byte>&) const override {
    const std::span<const std::byte> rest = bytes_[file].subspan(std::min(offset, bytes_[file].size()));
    return rest.first(std::min(count, rest.size()));
  }

 private:
  void take(std::vector<TarEntry> entries) {
    // If a path occurs twice, the last entry counts, as in unpacking.
    std::stable_sort(entries.begin(), entries.end(),
                     [](const TarEntry& a, const TarEntry& b) { return a.path < b.path; });
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i + 1 < entries.size() && entries[i + 1].path == entries[i].path) continue;
      if (is_hidden(entries[i].path)) continue;
      if (entries[i].is_folder) {
        folders_.push_back(std::move(entries[i].path));
      } else {
        files_.push_back(std::move(entries[i].path));
        bytes_.push_back(entries[i].bytes);
      }
    }
  }

  std::unique_ptr<MappedFile> mapped_;
  std::vector<std::byte> inflated_;
  std::vector<std::span<const std::byte>> bytes_;
};

}  // namespace

std::unique_ptr<FileTree> open_archive_tree(const std::filesystem::path& archive, std::size_t maximum_inflated_bytes) {
  return std::make_unique<ArchiveTree>(archive, maximum_inflated_bytes);
}

}  // namespace sleight

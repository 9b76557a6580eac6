// A read-only tree of files: a folder, or the same tree inside a .tar or .tar.gz. Datasets read through it, so every
// layout works in all three.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sleight {

class FileTree {
 public:
  virtual ~FileTree() = default;

  // Paths below the root, parts separated by '/', sorted. Hidden files and folders (".name") are left out.
  const std::vector<std::string>& files() const { return files_; }
  // Every folder, empty ones included.
  const std::vector<std::string>& folders() const { return folders_; }
  // For messages: the root as the user gave it.
  const std::string& root() const { return root_; }
  // For messages: the whole path of a file.
  std::string name(std::size_t file) const { return root_ + "/" + files_[file]; }

  // The file's bytes, in `memory` or in memory that the tree owns. From many threads at once. Throws Error without the
  // file's name; the caller adds it.
  virtual std::span<const std::byte> read(std::size_t file, std::vector<std::byte>& memory) const = 0;
  // The same for at most `count` bytes from `offset` on; fewer at the end of the file. For image headers and for files
  // that do not fit into memory.
  virtual std::span<const std::byte> read_part(std::size_t file, std::size_t offset, std::size_t count,
                                               std::vector<std::byte>& memory) const = 0;
  // The file with this path below the root, if it exists.
  std::optional<std::size_t> find(std::string_view path) const {
    const auto found = std::lower_bound(files_.begin(), files_.end(), path);
    if (found == files_.end() || *found != path) return std::nullopt;
    return static_cast<std::size_t>(found - files_.begin());
  }

 protected:
  std::string root_;
  std::vector<std::string> files_;
  std::vector<std::string> folders_;
};

// Follows links to folders, at most 16 levels deep. Throws Error if a folder cannot be listed.
std::unique_ptr<FileTree> open_folder_tree(const std::filesystem::path& folder);

// A .tar is mapped into memory; a .tar.gz is decompressed into memory, up to maximum_inflated_bytes. The first bytes
// decide which one it is. Throws Error for a damaged or truncated archive.
std::unique_ptr<FileTree> open_archive_tree(const std::filesystem::path& archive, std::size_t maximum_inflated_bytes);

// Opens a folder or an archive. Throws Error if the path does not exist.
std::shared_ptr<const FileTree> open_file_tree(const std::filesystem::path& path, std::size_t maximum_inflated_bytes);

}  // namespace sleight

// A tree of files, read-only: a folder, or the same tree inside a .tar or .tar.gz. Datasets are built on it, so that
// every layout works in all of them.
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
  // Every folder that is there, even when nothing is in it.
  const std::vector<std::string>& folders() const { return folders_; }
  // For messages: the root as it was given.
  const std::string& root() const { return root_; }
  // For messages: the whole path of a file.
  std::string name(std::size_t file) const { return root_ + "/" + files_[file]; }

  // The file's bytes: in `memory`, or where the tree holds them itself. From many threads at once. Throws Error without
  // the file's name, which the caller adds.
  virtual std::span<const std::byte> read(std::size_t file, std::vector<std::byte>& memory) const = 0;
  // The same for at most `count` bytes from `offset` on; fewer where the file ends. For the headers of images and for
  // files that are too large for memory.
  virtual std::span<const std::byte> read_part(std::size_t file, std::size_t offset, std::size_t count,
                                               std::vector<std::byte>& memory) const = 0;
  // The file of this path below the root, if there is one.
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

// Follows links to folders, at most 16 levels deep. Throws Error when a folder cannot be listed.
std::unique_ptr<FileTree> open_folder_tree(const std::filesystem::path& folder);

// A .tar is mapped into memory; a .tar.gz is inflated into memory, at most maximum_inflated_bytes. Which of the two it
// is, is decided by its first bytes. Throws Error for a damaged or cut archive.
std::unique_ptr<FileTree> open_archive_tree(const std::filesystem::path& archive, std::size_t maximum_inflated_bytes);

// Whichever of the two it is. Throws Error when there is nothing at the path.
std::shared_ptr<const FileTree> open_file_tree(const std::filesystem::path& path, std::size_t maximum_inflated_bytes);

}  // namespace sleight

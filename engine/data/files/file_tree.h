// A read-only tree of files: a folder, or the same tree inside an archive. Datasets read through it, so every layout works
// in both.
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
  // What was passed over: links that lead nowhere, entries that are there twice.
  const std::vector<std::string>& warnings() const { return warnings_; }
  // For messages: the root as the user gave it.
  const std::string& root() const { return root_; }
  // For messages: the whole path of a file.
  virtual std::string name(std::size_t file) const { return root_ + "/" + files_[file]; }

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
  // Throws Error for a name that is no UTF-8: class names and the names of images go into JSON and onto images.
  void check_names() const;

  std::string root_;
  std::vector<std::string> files_;
  std::vector<std::string> folders_;
  std::vector<std::string> warnings_;
};

// Follows links to folders, at most 16 levels deep. Throws Error if a folder cannot be listed.
std::unique_ptr<FileTree> open_folder_tree(const std::filesystem::path& folder);

// What archive.h reads. Files that are stored as they are (.tar, .zip without compression) stay in the archive, which is
// mapped; others are decompressed into memory, up to maximum_inflated_bytes. Links to what is in the archive are followed.
// The first bytes decide what it is. Throws Error for a damaged, truncated or encrypted archive.
std::unique_ptr<FileTree> open_archive_tree(const std::filesystem::path& archive, std::size_t maximum_inflated_bytes);

// Both as one tree: the files of the second have "<folder>/" before their paths, and their own names in messages.
std::shared_ptr<const FileTree> merge_trees(std::shared_ptr<const FileTree> first,
                                            std::shared_ptr<const FileTree> second, const std::string& folder);

// "12 files, the first is a.jpg", for messages that there is no dataset in it, and what to do about archives in it.
std::string contents_of(const FileTree& tree);

// Opens a folder or an archive. Throws Error if the path does not exist.
std::shared_ptr<const FileTree> open_file_tree(const std::filesystem::path& path, std::size_t maximum_inflated_bytes);

}  // namespace sleight

// Whole files in and out. Writing is atomic: to a temporary file next to the target, synced, then renamed, so that a
// full disk or a killed process leaves the old file as it was.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sleight {

// Throws Error naming the path and the operating system's reason.
std::vector<std::byte> read_file(const std::filesystem::path& path);
std::string read_text_file(const std::filesystem::path& path);

// 16 random hexadecimal digits, which no other process on any machine will draw.
std::string random_suffix();

// A file written piece by piece; nothing is visible under its name before commit(). Destroyed without commit, it leaves
// nothing. The last of several writers to commit wins, even where they are on different machines.
class AtomicFile {
 public:
  // suffix: draws the end of the temporary file's name, again where that name is taken: it may be another writer's.
  explicit AtomicFile(std::filesystem::path path, const std::function<std::string()>& suffix = random_suffix);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  void commit();

 private:
  std::string consolation() const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::filesystem::path& path, std::string_view text);

// Removes the temporary files that killed processes left of this file. Only while nobody else can be writing it.
void remove_temporaries_of(const std::filesystem::path& path);

// A file that grows line by line, for logs: every write is in the system's hands when it returns, so a killed process
// loses nothing (a power cut may). Made if it does not exist.
class AppendFile {
 public:
  explicit AppendFile(const std::filesystem::path& path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  // Cuts the file to its first `size` bytes; later writes go after them.
  void truncate(std::size_t size);

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

// A file's bytes, mapped read-only; an empty file gives an empty span. The file must not be shortened meanwhile:
// reading what is gone ends the process, with a line that names the file (watched_mappings.h). Files replaced by
// AtomicFile are safe, the mapping keeps the old one.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  int watched_ = -1;
};

}  // namespace sleight

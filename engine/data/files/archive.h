// The table of contents of an archive in memory, by libarchive: ZIP, 7-Zip, and tar without or with any of gzip, bzip2,
// xz, lzma, zstd, lz4 and compress.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sleight {

struct ArchiveEntry {
  enum class Kind { file, folder, hard_link, symbolic_link };

  std::string path;  // no leading "/" or "./", no trailing "/"
  Kind kind = Kind::file;
  std::string target;                // of a link: of a hard link a path like `path`, of a symbolic one as it is stored
  std::span<const std::byte> bytes;  // of a file: inside the archive where it is stored as it is, otherwise in `memory`
  std::shared_ptr<const std::vector<std::byte>> memory;
};

struct ArchiveContents {
  std::vector<ArchiveEntry> entries;  // in the order of the archive
  std::size_t skipped = 0;            // devices, paths that lead out of the archive
  std::string first_skipped;
};

// Decompresses at most maximum_inflated_bytes in all; what is stored as it is costs nothing. Throws Error, saying what to
// do: for a file that is no archive, one that is damaged, cut short or encrypted, and one that would inflate to more.
ArchiveContents read_archive(std::span<const std::byte> archive, std::size_t maximum_inflated_bytes);

}  // namespace sleight

// The table of contents of a tar archive in memory (POSIX ustar, pax and GNU long names).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace sleight {

struct TarEntry {
  std::string path;  // no leading "/" or "./", no trailing "/"
  bool is_folder = false;
  std::span<const std::byte> bytes;
};

// Regular files and folders, in the order of the archive. Skips links, devices, empty paths and paths that lead out of
// the archive (".."). Throws Error, naming the offset, for a wrong checksum, a size beyond the end, a malformed number
// or name, and an archive without its end marker (a truncated one).
std::vector<TarEntry> read_tar(std::span<const std::byte> archive);

}  // namespace sleight

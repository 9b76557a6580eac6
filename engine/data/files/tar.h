// The table of contents of a tar archive that lies in memory (POSIX ustar, pax and GNU long names).
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

// Regular files and folders, in the order of the archive. Links and devices are passed over, and so are paths that lead
// out of the archive ("..") or are empty. Throws Error, naming the offset, for a wrong checksum, a size that goes
// beyond the end, a malformed number or name, and an archive that ends without its end marker (it was cut short).
std::vector<TarEntry> read_tar(std::span<const std::byte> archive);

}  // namespace sleight

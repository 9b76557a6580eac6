// What a file is that was given in place of another, by its first bytes: for messages that say what to do.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace sleight {

// The first bytes, as many as matter to a reader: printable ones unchanged, others as \xNN.
std::string first_bytes(std::span<const std::byte> file);

// "a WebP image", "a ZIP archive", "a PyTorch file or another ZIP archive", "text"; "" for what is not known. 512 bytes
// are enough.
std::string kind_of_file(std::span<const std::byte> beginning);

}  // namespace sleight

// Decompression of a gzip file in memory.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace sleight {

bool is_gzip(std::span<const std::byte> file);

// Decompresses all members of the file, one after the other. Throws Error if the file is damaged or truncated, and if
// the result would be longer than maximum_bytes.
std::vector<std::byte> inflate_gzip(std::span<const std::byte> file, std::size_t maximum_bytes);

}  // namespace sleight

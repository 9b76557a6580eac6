// Inflating a gzip file that lies in memory.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace sleight {

bool is_gzip(std::span<const std::byte> file);

// All members of the file, one after the other. Throws Error when it is damaged or cut short, and when the result would
// be longer than maximum_bytes.
std::vector<std::byte> inflate_gzip(std::span<const std::byte> file, std::size_t maximum_bytes);

}  // namespace sleight

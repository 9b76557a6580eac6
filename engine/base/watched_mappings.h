// Mapped files whose shortening is answered with a message. Reading what another program has cut off a mapped file
// raises SIGBUS, which would end the process without a word.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace sleight {

// From now on, until unwatch(), an access beyond the end of this file ends the process with one line that names it and
// the exit status 1. Gives the number for unwatch(); -1 where so many are watched that there is no room (64), or where
// the program has a handler of its own.
int watch_mapping(std::span<const std::byte> bytes, const std::filesystem::path& path);
void unwatch_mapping(int number);

}  // namespace sleight

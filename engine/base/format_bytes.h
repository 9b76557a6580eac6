// Amounts of memory for people.
#pragma once

#include <cstdint>
#include <string>

namespace sleight {

// "1.50 GiB", "312 MiB", "4.0 KiB", "17 bytes".
std::string format_bytes(std::int64_t bytes);

}  // namespace sleight

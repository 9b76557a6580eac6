// How much memory this process occupies, for reports.
#pragma once

#include <cstdint>
#include <string_view>

namespace sleight {

struct MemoryUse {
  std::int64_t resident_bytes = 0;       // now in physical memory
  std::int64_t peak_resident_bytes = 0;  // the most that ever was, since the process began
};

// From /proc/self/status. Zeros where the system does not tell.
MemoryUse memory_use();

// The same from the text of such a status file ("VmRSS:\t  1234 kB").
MemoryUse parse_memory_use(std::string_view status);

}  // namespace sleight

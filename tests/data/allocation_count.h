// How often this program has called operator new, from all threads: it is replaced by a counting one.
#pragma once

#include <cstdint>

namespace sleight::test {

std::int64_t allocation_count();

}  // namespace sleight::test

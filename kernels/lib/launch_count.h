// How many kernels launch() has started in this process, on every target together. Read by tests and receipts: a trick
// that claims to have run must have moved it.
#pragma once

#include <atomic>
#include <cstdint>

namespace sleight::kernels {

inline std::atomic<std::uint64_t> launch_counter{0};

inline std::uint64_t launch_count() {
  return launch_counter.load(std::memory_order_relaxed);
}

}  // namespace sleight::kernels

// For kernels that are broken on purpose: each must be reported, with the right words, in every thread order, and must
// leave the executor usable.
#pragma once

#include <functional>

#include "simt_test.h"

namespace sleight::kernels {

__global__ inline void healthy_kernel(int* result) {
  __shared__ SharedArray<int, 64> values;
  values[static_cast<int>(threadIdx.x)] = static_cast<int>(threadIdx.x);
  __syncthreads();
  result[threadIdx.x] = values[63 - static_cast<int>(threadIdx.x)];
}

inline void require_usable(Simt target) {
  GuardedBuffer<int> result(64);
  launch(target, "healthy", healthy_kernel, {1, 64}, result.data());
  for (int i = 0; i < 64; ++i)
    REQUIRE(result[static_cast<std::size_t>(i)] == 63 - i);
}

// Runs a broken kernel in every order and requires all parts in every message.
inline void require_report(const std::function<void(Simt)>& run,
                           const std::function<std::vector<std::string>()>& parts) {
  for (const ThreadOrder order : all_orders()) {
    CAPTURE(static_cast<int>(order));
    const std::string message = message_of<SimtError>([&] { run(Simt{order}); });
    INFO(message);
    for (const std::string& part : parts()) {
      CAPTURE(part);
      CHECK(contains(message, part));
    }
    require_usable(Simt{order});
  }
}

}  // namespace sleight::kernels

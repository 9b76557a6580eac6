// The one door from host code into a kernel. Included only by .cu files, which are compiled twice: by nvcc (Target =
// Cuda) and by the host compiler (Target = Simt, kernels/simt/README.md).
//
//   launch(target, "add", add_kernel<T>, pack_shape(count, pack_lanes<T>), a, b, sum, count);
//
// launch() checks the shape and the launch itself, counts it (launch_count.h), can be captured into a CUDA graph, never
// synchronizes and never allocates. Everything here lives in an inline namespace of its own per target, so that both
// builds of a .cu file can be linked into one binary.
//
// Rules for every kernel, checked by simt:
//   - no thread returns before the last __syncthreads of its block, and all threads of a block meet at the same one;
//   - a warp operation names in its mask exactly the lanes that take part, and reads no other lane;
//   - static shared memory is declared  __shared__ SharedArray<float, 32> sums;
//     dynamic shared memory is          float* sums = dynamic_shared_memory<float>();
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/launch_count.h"
#include "kernels/lib/types.h"

// The only place that asks which compiler this is. Each side provides, in its own inline namespace
// SLEIGHT_TARGET_NAMESPACE: Target, the CUDA language (simt only), SharedArray, dynamic_shared_memory, CallSite,
// CallScope, read_wide, write_wide and start_kernel. A build may bring a side of its own: tests/fake_gpu does.
#ifdef SLEIGHT_TARGET_HEADER
#include SLEIGHT_TARGET_HEADER
#elif defined(__CUDACC__)
#include "kernels/cuda/target.h"
#else
#include "kernels/simt/target.h"
#endif

namespace sleight::kernels {
inline namespace SLEIGHT_TARGET_NAMESPACE {

struct LaunchShape {
  dim3 blocks;
  dim3 threads;
  std::size_t dynamic_shared_bytes = 0;
};

inline std::string to_string(const LaunchShape& shape) {
  std::ostringstream text;
  text << "blocks (" << shape.blocks.x << ", " << shape.blocks.y << ", " << shape.blocks.z << "), threads ("
       << shape.threads.x << ", " << shape.threads.y << ", " << shape.threads.z << "), dynamic shared memory "
       << shape.dynamic_shared_bytes << " bytes";
  return text.str();
}

// Blocks needed so that count items are covered with per_block of them each; 0 for count 0. Throws
// std::invalid_argument for negative counts, and where a grid cannot be that large.
inline unsigned blocks_for(std::int64_t count, std::int64_t per_block) {
  if (count < 0 || per_block <= 0) {
    throw std::invalid_argument("blocks_for: cannot cover " + std::to_string(count) + " items with " +
                                std::to_string(per_block) + " per block");
  }
  const std::int64_t blocks = count / per_block + (count % per_block != 0 ? 1 : 0);
  if (blocks > std::numeric_limits<std::int32_t>::max()) {
    throw std::invalid_argument("blocks_for: " + std::to_string(count) + " items with " + std::to_string(per_block) +
                                " per block need " + std::to_string(blocks) + " blocks; a grid has at most 2147483647");
  }
  return static_cast<unsigned>(blocks);
}

// The limits every supported GPU shares (CUDA C++ Programming Guide, "Compute Capabilities"; 99 KiB of shared memory is
// the smallest maximum among 8.x and 9.0). Checked on both targets, so that simt refuses what a GPU would refuse.
inline void check_shape(const char* name, const LaunchShape& shape) {
  const dim3& blocks = shape.blocks;
  const dim3& threads = shape.threads;
  const bool fits = blocks.x <= 2147483647U && blocks.y <= 65535U && blocks.z <= 65535U && threads.x >= 1U &&
                    threads.y >= 1U && threads.z >= 1U && threads.x <= 1024U && threads.y <= 1024U &&
                    threads.z <= 64U && std::uint64_t{threads.x} * threads.y * threads.z <= 1024U &&
                    shape.dynamic_shared_bytes <= 99U * 1024U;
  if (!fits) {
    throw std::invalid_argument(std::string("launch of kernel ") + name + ": impossible shape: " + to_string(shape) +
                                "; a block has 1 to 1024 threads (z at most 64), a grid at most 2147483647 x 65535 x "
                                "65535 blocks, a block at most 101376 bytes of dynamic shared memory");
  }
}

// Starts kernel(arguments...) on the target. The arguments convert to the kernel's parameter types at the caller, where
// a narrowing conversion is warned about. A grid without blocks is no work, not an error.
template <class... Parameters>
void launch(Target target, const char* name, void (*kernel)(Parameters...), const LaunchShape& shape,
            std::type_identity_t<Parameters>... arguments) {
  static_assert((sizeof(Parameters) + ... + std::size_t{0}) <= 4096, "kernel parameters are limited to 4096 bytes");
  static_assert((!std::is_reference_v<Parameters> && ...), "a kernel takes its parameters by value");
  if (shape.blocks.x == 0 || shape.blocks.y == 0 || shape.blocks.z == 0) return;
  check_shape(name, shape);
  launch_counter.fetch_add(1, std::memory_order_relaxed);
  const char* const reason =
      start_kernel(target, name, kernel, shape.blocks, shape.threads, shape.dynamic_shared_bytes, arguments...);
  if (reason != nullptr) {
    throw std::runtime_error(std::string("launch of kernel ") + name + " failed: " + reason + "; " + to_string(shape));
  }
}

}  // namespace SLEIGHT_TARGET_NAMESPACE
}  // namespace sleight::kernels

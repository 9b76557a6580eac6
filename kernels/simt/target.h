// The simt side of kernels/lib/launch.h. The GPU side is kernels/cuda/target.h; both provide the same names.
#pragma once

#include <cstddef>

#include "kernels/lib/execution_target.h"

#define SLEIGHT_TARGET_NAMESPACE simt_target

#include "kernels/simt/host_target.h"

namespace sleight::kernels {
inline namespace SLEIGHT_TARGET_NAMESPACE {

using Target = Simt;

// Runs the kernel to its end. Returns null, as nothing but the kernel itself can go wrong here, and that throws.
template <class... Parameters>
const char* start_kernel(Simt target, const char* name, void (*kernel)(Parameters...), dim3 blocks, dim3 threads,
                         std::size_t dynamic_shared_bytes, Parameters... arguments) {
  simt::execute(name, {blocks, threads, dynamic_shared_bytes}, target.order, [&] { kernel(arguments...); });
  return nullptr;
}

}  // namespace SLEIGHT_TARGET_NAMESPACE
}  // namespace sleight::kernels

// The GPU side of kernels/lib/launch.h: what nvcc needs. The simt side is kernels/simt/target.h; both provide the same
// names.
#pragma once

#include <cuda_runtime.h>

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/lib/execution_target.h"

#define SLEIGHT_TARGET_NAMESPACE cuda_target

namespace sleight::kernels {
inline namespace SLEIGHT_TARGET_NAMESPACE {

using Target = Cuda;

// Fills a GPU several times over; see pack_shape().
inline constexpr unsigned maximum_pack_blocks = 2048;
// All that a grid has. Of kernels that take more of them in several launches.
inline constexpr std::int64_t maximum_blocks_along_y = 65535;

// Where a helper was called from: known on simt, free of charge here.
struct CallSite {
  __host__ __device__ static constexpr CallSite current() { return {}; }
};
struct CallScope {
  __device__ explicit CallScope(CallSite) {}
};

// __shared__ SharedArray<T, count> name;   T may have a constructor (bfloat16 does): the bytes are left as they are.
template <class T, int Count>
struct SharedArray {
  alignas(16) unsigned char bytes[sizeof(T) * Count];

  __device__ T* data() { return reinterpret_cast<T*>(bytes); }
  __device__ T& operator[](int index) { return data()[index]; }
};

// The LaunchShape's dynamic_shared_bytes, 16-byte aligned.
template <class T>
__device__ inline T* dynamic_shared_memory() {
  extern __shared__ __align__(16) unsigned char dynamic_shared_bytes[];
  return reinterpret_cast<T*>(dynamic_shared_bytes);
}

// One memory access of sizeof(Word) bytes (2, 4, 8 or 16); the address is a multiple of that.
template <std::size_t Bytes>
struct WideRegister;
template <>
struct WideRegister<1> {
  using type = unsigned char;
};
template <>
struct WideRegister<2> {
  using type = unsigned short;
};
template <>
struct WideRegister<4> {
  using type = unsigned;
};
template <>
struct WideRegister<8> {
  using type = uint2;
};
template <>
struct WideRegister<16> {
  using type = uint4;
};
template <class Word>
__device__ inline Word read_wide(const void* address) {
  return std::bit_cast<Word>(*static_cast<const typename WideRegister<sizeof(Word)>::type*>(address));
}
template <class Word>
__device__ inline void write_wide(void* address, const Word& word) {
  using Register = typename WideRegister<sizeof(Word)>::type;
  *static_cast<Register*>(address) = std::bit_cast<Register>(word);
}

// Queues the kernel; returns null, or why CUDA refused.
template <class... Parameters>
const char* start_kernel(Cuda target, const char* /*name*/, void (*kernel)(Parameters...), dim3 blocks, dim3 threads,
                         std::size_t dynamic_shared_bytes, Parameters... arguments) {
  cudaError_t status = cudaSuccess;
  // Above 48 KiB a kernel has to be told, once; saying it again costs little and keeps this free of state.
  if (dynamic_shared_bytes > 48U * 1024U) {
    status = cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                                  static_cast<int>(dynamic_shared_bytes));
  }
  if (status == cudaSuccess) {
    cudaLaunchConfig_t configuration = {};
    configuration.gridDim = blocks;
    configuration.blockDim = threads;
    configuration.dynamicSmemBytes = dynamic_shared_bytes;
    configuration.stream = target.stream;
    status = cudaLaunchKernelEx(&configuration, kernel, arguments...);
  }
  if (status == cudaSuccess) return nullptr;
  cudaGetLastError();  // It would stay the "last error", and the next who asks would take it for his own.
  return cudaGetErrorString(status);
}

}  // namespace SLEIGHT_TARGET_NAMESPACE
}  // namespace sleight::kernels

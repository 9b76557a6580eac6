// The GPU side of kernels/launch.h: what nvcc needs. The simt side is kernels/simt/target.h; both provide the same
// names.
#pragma once

#include <cuda_runtime.h>

#include <bit>
#include <cstddef>
#include <stdexcept>
#include <string>

#include "kernels/queue.h"

#define SLEIGHT_TARGET_NAMESPACE cuda_target

namespace sleight::kernels {
inline namespace SLEIGHT_TARGET_NAMESPACE {

using Target = Cuda;

// Fills a GPU several times over; see pack_shape().
inline constexpr unsigned maximum_pack_blocks = 2048;

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

inline void check_cuda(cudaError_t status, const char* kernel_name, dim3 blocks, dim3 threads, std::size_t shared) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // A failed launch stays the "last error"; cleared, or the next check would report it again.
  const auto extent = [](const dim3& size) {
    return "(" + std::to_string(size.x) + ", " + std::to_string(size.y) + ", " + std::to_string(size.z) + ")";
  };
  throw std::runtime_error(std::string("launch of kernel ") + kernel_name + " failed: " + cudaGetErrorString(status) +
                           "; blocks " + extent(blocks) + ", threads " + extent(threads) + ", dynamic shared memory " +
                           std::to_string(shared) + " bytes");
}

template <class... Parameters>
void start_kernel(Cuda target, const char* name, void (*kernel)(Parameters...), dim3 blocks, dim3 threads,
                  std::size_t dynamic_shared_bytes, Parameters... arguments) {
  // Above 48 KiB a kernel has to be told, once; saying it again costs little and keeps this free of state.
  if (dynamic_shared_bytes > 48U * 1024U) {
    check_cuda(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                                    static_cast<int>(dynamic_shared_bytes)),
               name, blocks, threads, dynamic_shared_bytes);
  }
  cudaLaunchConfig_t configuration = {};
  configuration.gridDim = blocks;
  configuration.blockDim = threads;
  configuration.dynamicSmemBytes = dynamic_shared_bytes;
  configuration.stream = target.stream;
  check_cuda(cudaLaunchKernelEx(&configuration, kernel, arguments...), name, blocks, threads, dynamic_shared_bytes);
}

}  // namespace SLEIGHT_TARGET_NAMESPACE
}  // namespace sleight::kernels

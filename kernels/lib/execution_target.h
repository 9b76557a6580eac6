// Where a kernel runs. Every kernel is declared once per device in its header:
//
//   void add(Cpu, const Add&);    kernels/add.cpp
//   void add(Simt, const Add&);   kernels/add.cu, compiled by the host compiler
//   void add(Cuda, const Add&);   kernels/add.cu, compiled by nvcc
//
// and called through run_on(target, [&](auto device) { add(device, arguments); }).
#pragma once

#include <utility>
#include <variant>

struct CUstream_st;

namespace sleight::kernels {

// Plain parallel loops (OpenMP); returns when the work is done.
struct Cpu {};

// In which order the simt executor resumes the threads of a block. A result that depends on it is a race.
enum class ThreadOrder { forward, reverse, shuffled };

// The CUDA sources executed on the host, on host memory; returns when the work is done.
struct Simt {
  ThreadOrder order = ThreadOrder::forward;
};

// cuDNN and cuBLASLt, opened for one GPU: kernels/lib/cuda_libraries.h.
class CudaLibraries;

// A stream of an NVIDIA GPU; returns when the work is queued.
struct Cuda {
  CUstream_st* stream = nullptr;
  CudaLibraries* libraries = nullptr;  // what convolution and linear run on; no other kernel looks at it
};

}  // namespace sleight::kernels

// Defines ExecutionTarget, the variant of the devices this build has: kernels/cuda/ with the CUDA toolkit,
// kernels/no_cuda/ without.
#include "available_devices.h"

namespace sleight::kernels {

// Gives what the function returns.
template <class Function>
decltype(auto) run_on(const ExecutionTarget& target, Function&& function) {
  return std::visit(std::forward<Function>(function), target);
}

}  // namespace sleight::kernels

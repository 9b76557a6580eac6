// One piece of work for the fake GPU, as its libraries and kernels queue it. Knows no CUDA header: a .cu file that
// the host compiler compiles has CUDA's names from elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

struct CUstream_st;

namespace sleight::fake {

// Memory that the work reads or writes. It must lie in one live block of device memory when the work is done; with 0
// bytes the address alone must, or be null.
struct Access {
  const void* address = nullptr;
  std::int64_t bytes = 0;
};

struct Work {
  std::string name = {};
  std::vector<Access> accesses = {};
  double microseconds = 2.0;  // what it takes by the GPU's own clock
  std::function<void()> run = {};
};

// On the stream, or into the graph that is being captured on it. Returns cudaSuccess (0) or the error.
int enqueue(CUstream_st* stream, Work work);

// cuDNN compiles a fused kernel when it is planned: counts it, and says whether the compiler works.
bool compile_kernel();

// What CUDA says about an error.
const char* describe_error(int error);

}  // namespace sleight::fake

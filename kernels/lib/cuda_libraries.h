// cuDNN and cuBLASLt for one GPU: their handles, which of their algorithms are allowed, and what is known about the
// speed of each. Knows no CUDA header, so that the engine can hold it in every build.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "kernels/lib/execution_target.h"

namespace sleight::kernels {

struct CudaLibrariesOptions {
  // The file that remembers measured choices (kernels/lib/tuning_cache.h), shared by processes and restarts; "": none,
  // so that each process measures anew.
  std::string tuning_cache = {};
  // The same input gives the same bits.
  bool deterministic = false;
  // float32 may be multiplied on tensor cores, with 10 bits of mantissa (TF32); sums stay in float32.
  bool allow_tf32 = false;
  // Measure where the cache knows nothing. Otherwise the first algorithm that the library's heuristics propose.
  bool tune = true;
  // Algorithms that want a larger workspace are not considered.
  std::int64_t workspace_limit = std::int64_t{512} << 20U;
  // Receives warnings: damaged lines of the cache, no memory to measure with. Empty: stderr.
  std::function<void(const std::string&)> report = {};
};

// For the GPU that is current on the calling thread (cudaGetDevice). The libraries are opened here and not when the
// program starts. An object, and all that was made with it, is used by one thread at a time; it must outlive them.
// Throws std::runtime_error when there is no GPU or driver ("there is no NVIDIA GPU or no driver: ..."), when a library
// is missing, or in a build without CUDA.
std::shared_ptr<CudaLibraries> make_cuda_libraries(const CudaLibrariesOptions&);

}  // namespace sleight::kernels

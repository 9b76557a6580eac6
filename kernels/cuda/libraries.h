// Implements kernels/lib/cuda_libraries.h: the handles of cuDNN and cuBLASLt for one GPU, and the tuning cache.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "kernels/cuda/cublaslt_library.h"
#include "kernels/cuda/operation_graph.h"
#include "kernels/lib/cuda_libraries.h"
#include "kernels/lib/tuning_cache.h"

namespace sleight::kernels {

class CudaLibraries {
 public:
  explicit CudaLibraries(const CudaLibrariesOptions&);
  // For a GPU that is only described (cudnn::Target::described): cuDNN's plans can be made and not run. Nothing can be
  // measured there, and cuBLASLt does not work without a GPU at all.
  CudaLibraries(const CudaLibrariesOptions&, const std::string& described_gpu);

  const CudaLibrariesOptions& options() const { return options_; }
  void report(const std::string& message) const { options_.report(message); }

  // The handle, told to queue on this stream.
  cudnnHandle_t cudnn(cudaStream_t);
  const cudnn::Target& target() const { return target_; }
  cublasLtHandle_t cublas_lt() const { return cublas_lt_.get(); }

  const TuningCache& cache() const { return cache_; }
  // A cache that cannot be written is reported, and no reason to stop.
  void remember(const TuningKey&, const TuningEntry&);
  // The beginning of a key: the operation, this GPU, driver, runtime and libraries, and the options that decide about
  // values of this type (TF32 about float32 alone).
  TuningKey key(std::string_view operation, DataType type) const;
  // Optional kernels that cuDNN failed at: told once, and not asked for again in this process.
  void report_failure(const TuningKey& key, const std::string& reason);
  bool has_failed(const TuningKey& key) const { return failed_.contains(key.text()); }
  // Bytes of the L2 cache.
  std::int64_t cache_bytes() const { return cache_bytes_; }

 private:
  struct DestroyCudnn {
    void operator()(cudnnHandle_t handle) const { cudnn::library().destroy(handle); }
  };
  struct DestroyCublasLt {
    void operator()(cublasLtHandle_t handle) const { cublaslt::library().destroy(handle); }
  };
  using CudnnHandle = std::unique_ptr<cudnnContext, DestroyCudnn>;
  using CublasLtHandle = std::unique_ptr<cublasLtContext, DestroyCublasLt>;

  static CudnnHandle make_cudnn();
  static CublasLtHandle make_cublas_lt();

  CudaLibrariesOptions options_;
  std::string machine_;
  std::int64_t cache_bytes_ = 0;
  CublasLtHandle cublas_lt_;
  CudnnHandle cudnn_;
  cudnn::Target target_;
  cudaStream_t cudnn_stream_ = nullptr;
  TuningCache cache_;
  std::set<std::string> failed_;
};

// The libraries of a queue; throws std::invalid_argument for a queue without.
CudaLibraries& libraries_of(const Cuda&);

// Throws std::invalid_argument for an address that is no multiple of cudnn::tensor_alignment: plans rely on it.
void check_alignment(const void* address);

}  // namespace sleight::kernels

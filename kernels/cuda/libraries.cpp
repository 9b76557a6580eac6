#include "kernels/cuda/libraries.h"

#include <cstdio>
#include <stdexcept>

#include "kernels/cuda/cuda_error.h"

namespace sleight::kernels {
namespace {

CudaLibrariesOptions with_report(CudaLibrariesOptions options) {
  if (!options.report) {
    options.report = [](const std::string& message) { std::fprintf(stderr, "%s\n", message.c_str()); };
  }
  return options;
}

// Before anything is opened: a message about the machine, and not about the first call that fails on it.
CudaLibrariesOptions checked(const CudaLibrariesOptions& options) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess || count == 0) {
    cudaGetLastError();
    throw std::runtime_error(std::string("there is no NVIDIA GPU or no driver: ") +
                             (status == cudaSuccess ? "the driver finds none" : cudaGetErrorString(status)));
  }
  return with_report(options);
}

cudaDeviceProp current_gpu() {
  int index = 0;
  check_cuda(cudaGetDevice(&index), "cudaGetDevice");
  cudaDeviceProp properties = {};
  check_cuda(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  return properties;
}

std::string describe_machine(const cudaDeviceProp& gpu) {
  int driver = 0;
  int runtime = 0;
  check_cuda(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  check_cuda(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  return std::string(gpu.name) + ", compute capability " + std::to_string(gpu.major) + "." + std::to_string(gpu.minor) +
         ", " + std::to_string(gpu.multiProcessorCount) + " multiprocessors, driver " + std::to_string(driver) +
         ", runtime " + std::to_string(runtime) + ", cuDNN " + std::to_string(cudnn::library().get_version()) +
         ", cuBLASLt " + std::to_string(cublaslt::library().get_version());
}

}  // namespace

CudaLibraries::CudnnHandle CudaLibraries::make_cudnn() {
  cudnnHandle_t handle = nullptr;
  cudnn::check(cudnn::library().create(&handle), "cudnnCreate");
  return CudnnHandle(handle);
}

CudaLibraries::CublasLtHandle CudaLibraries::make_cublas_lt() {
  cublasLtHandle_t handle = nullptr;
  cublaslt::check(cublaslt::library().create(&handle), "cublasLtCreate");
  return CublasLtHandle(handle);
}

// cuBLASLt first: cuDNN opens it by its name, and finds it where this program did.
CudaLibraries::CudaLibraries(const CudaLibrariesOptions& options)
    : options_(checked(options)),
      cublas_lt_(make_cublas_lt()),
      cudnn_(make_cudnn()),
      target_(cudnn_.get()),
      cache_(options_.tuning_cache, options_.report) {
  const cudaDeviceProp gpu = current_gpu();
  machine_ = describe_machine(gpu);
  cache_bytes_ = gpu.l2CacheSize;
}

CudaLibraries::CudaLibraries(const CudaLibrariesOptions& options, const std::string& described_gpu)
    : options_(with_report(options)),
      machine_(described_gpu),
      target_(cudnn::Target::described(described_gpu)),
      cache_(options_.tuning_cache, options_.report) {}

cudnnHandle_t CudaLibraries::cudnn(cudaStream_t stream) {
  if (stream != cudnn_stream_) {
    cudnn::check(cudnn::library().set_stream(cudnn_.get(), stream), "cudnnSetStream");
    cudnn_stream_ = stream;
  }
  return cudnn_.get();
}

TuningKey CudaLibraries::key(std::string_view operation, DataType type) const {
  TuningKey key(operation);
  key.add("on", machine_).add("deterministic", options_.deterministic).add("workspace limit", options_.workspace_limit);
  if (type == DataType::float32) key.add("tf32", options_.allow_tf32);
  return key;
}

void CudaLibraries::remember(const TuningKey& key, const TuningEntry& entry) {
  try {
    cache_.remember(key, entry);
  } catch (const std::runtime_error& error) {
    report(error.what());
  }
}

void CudaLibraries::report_failure(const TuningKey& key, const std::string& reason) {
  if (failed_.insert(key.text()).second)
    report("cuDNN fails at an optional kernel, which is left to others (" + reason + "): " + key.text());
}

CudaLibraries& libraries_of(const Cuda& cuda) {
  if (cuda.libraries == nullptr) {
    throw std::invalid_argument("the queue has no libraries: kernels/lib/cuda_libraries.h makes them");
  }
  return *cuda.libraries;
}

void check_alignment(const void* address) {
  if (reinterpret_cast<std::uintptr_t>(address) % cudnn::tensor_alignment != 0) {
    throw std::invalid_argument("an operand is not aligned to " + std::to_string(cudnn::tensor_alignment) + " bytes");
  }
}

std::shared_ptr<CudaLibraries> make_cuda_libraries(const CudaLibrariesOptions& options) {
  return std::make_shared<CudaLibraries>(options);
}

}  // namespace sleight::kernels

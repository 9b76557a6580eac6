#include "engine/device/gpu.h"

#include "engine/device/cuda/cuda_runtime.h"
#include "kernels/cuda_libraries.h"

namespace sleight {

Gpu open_gpu(int index, const DeviceOptions& options) {
  const auto runtime = std::make_shared<CudaRuntime>(index);
  // The queue holds a plain pointer, so the libraries live as long as the runtime does.
  struct Opened {
    std::shared_ptr<CudaRuntime> runtime;
    std::shared_ptr<kernels::CudaLibraries> libraries;
  };
  const auto opened =
      std::make_shared<Opened>(Opened{runtime, kernels::make_cuda_libraries({.tuning_cache = options.tuning_cache,
                                                                             .deterministic = options.deterministic,
                                                                             .allow_tf32 = options.allow_tf32})});
  return {std::shared_ptr<Runtime>(opened, runtime.get()),
          kernels::Cuda{runtime->stream(Stream::compute), opened->libraries.get()}};
}

}  // namespace sleight

#include "engine/device/gpu.h"

#include <cstdlib>

#include "engine/device/cuda/cuda_runtime.h"
#include "kernels/cuda_libraries.h"

namespace sleight {

namespace {

// Where a user's programs keep what they can find out again (XDG Base Directory Specification); empty, which means
// nowhere, when there is no such folder.
std::filesystem::path tuning_cache_of_user() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  const char* const home = std::getenv("HOME");
  std::filesystem::path folder;
  if (cache != nullptr && *cache != '\0') {
    folder = cache;
  } else if (home != nullptr && *home != '\0') {
    folder = std::filesystem::path(home) / ".cache";
  } else {
    return {};
  }
  std::error_code error;
  std::filesystem::create_directories(folder / "sleight", error);
  return error ? std::filesystem::path() : folder / "sleight" / "tuning.txt";
}

}  // namespace

Gpu open_gpu(int index, const DeviceOptions& options) {
  const auto runtime = std::make_shared<CudaRuntime>(index);
  // The queue holds a plain pointer, so the libraries live as long as the runtime does.
  struct Opened {
    std::shared_ptr<CudaRuntime> runtime;
    std::shared_ptr<kernels::CudaLibraries> libraries;
  };
  const std::filesystem::path cache = options.tuning_cache.empty() ? tuning_cache_of_user() : options.tuning_cache;
  const auto opened =
      std::make_shared<Opened>(Opened{runtime, kernels::make_cuda_libraries({.tuning_cache = cache.string(),
                                                                             .deterministic = options.deterministic,
                                                                             .allow_tf32 = options.allow_tf32})});
  return {std::shared_ptr<Runtime>(opened, runtime.get()),
          kernels::Cuda{runtime->stream(Stream::compute), opened->libraries.get()}};
}

}  // namespace sleight

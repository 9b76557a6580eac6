#include "engine/device/gpu.h"

#include <cstdlib>

#include "engine/base/log.h"
#include "engine/device/cuda/cuda_runtime.h"
#include "kernels/lib/cuda_libraries.h"

namespace sleight {

namespace {

namespace fs = std::filesystem;

// The user's cache folder (XDG Base Directory Specification); none where there is neither it nor a home.
fs::path default_tuning_cache() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return fs::path(cache) / "sleight" / "tuning.txt";
  const char* const home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return fs::path(home) / ".cache" / "sleight" / "tuning.txt";
  return {};
}

std::string usable_tuning_cache(fs::path path) {
  if (path.empty()) path = default_tuning_cache();
  if (path.empty()) return "";
  std::error_code problem;
  fs::create_directories(path.parent_path().empty() ? fs::path(".") : path.parent_path(), problem);
  if (!problem) return path.string();
  log_warning("measured choices of algorithms cannot be kept in ", path.string(), " (", problem.message(),
              "); they are measured again in each run");
  return "";
}

}  // namespace

Gpu open_gpu(int index, const DeviceOptions& options) {
  // The target holds a plain pointer to the libraries, so they live as long as the runtime does, and go before it.
  struct Opened {
    std::shared_ptr<CudaRuntime> runtime;
    std::shared_ptr<kernels::CudaLibraries> libraries;
  };
  const auto opened = std::make_shared<Opened>();
  opened->runtime = std::make_shared<CudaRuntime>(index, options.graphs);
  opened->libraries = kernels::make_cuda_libraries({.tuning_cache = usable_tuning_cache(options.tuning_cache),
                                                    .deterministic = options.deterministic,
                                                    .allow_tf32 = options.allow_tf32,
                                                    .report = [](const std::string& text) { log_warning(text); }});
  return {std::shared_ptr<Runtime>(opened, opened->runtime.get()),
          kernels::Cuda{opened->runtime->stream(Stream::compute), opened->libraries.get()}};
}

}  // namespace sleight

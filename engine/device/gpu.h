// Opens an NVIDIA GPU: engine/device/cuda in builds with the CUDA toolkit, engine/device/no_cuda (an error that says
// so) in builds without.
#pragma once

#include <memory>

#include "engine/device/device.h"

namespace sleight {

struct Gpu {
  std::shared_ptr<Runtime> runtime;
  kernels::ExecutionTarget target;  // of the compute stream
};

// Throws Error when there is no driver, no such GPU, or no CUDA in this build.
Gpu open_gpu(int index, const DeviceOptions& options);

}  // namespace sleight

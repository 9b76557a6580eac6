// The door to NVIDIA GPUs: engine/device/cuda where this build has the CUDA toolkit, engine/device/no_cuda (an error
// that says so) where it has not.
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

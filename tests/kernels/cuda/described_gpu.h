// GPUs that are only described, for tests.
#pragma once

#include <stdexcept>

#include "catch2_adapter.h"
#include "kernels/cuda/cudnn_library.h"
#include "kernels/cuda/operation_graph.h"
#include "tests/kernels/cuda/gpu_descriptions.h"

namespace sleight::tests {

// Whether the cuDNN at hand can make plans for a GPU that is only described; says so where it cannot.
inline bool can_describe_gpus() {
  try {
    if (kernels::cudnn::library().get_version() >= 90800) return true;
    WARN("[skipped] cuDNN " << kernels::cudnn::library().get_version() << " is older than 9.8");
  } catch (const std::runtime_error& error) {
    WARN("[skipped] " << error.what());
  }
  return false;
}

}  // namespace sleight::tests

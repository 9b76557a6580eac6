// Moves the running statistics of all batch norms toward those of the batch, in one launch:
//
//   running = (1 - momentum) * running + momentum * batch
//
// for every running mean with the batch's mean and for every running variance with the batch's unbiased variance, both
// from kernels/batch_norm_statistics.h. Apart from the forward pass, because only after the backward pass is it known
// whether the step counts.
//
// Shapes    one RunningStatistic per tensor: running and batch each [count].
// Guard     first_non_finite, where given, is the result of kernels/first_non_finite.h in the device's memory: when it
//           names a tensor the launch changes nothing.
// Types     float32 or (cpu only) float64; anything else: std::invalid_argument. Computed in float64.
// Writes    running is updated in place; batch is only read. Nothing overlaps. Element by element: deterministic.
// Source    Ioffe and Szegedy, "Batch Normalization", ICML 2015, section 3.1, as an exponential average (PyTorch's).
#pragma once

#include <cstdint>

#include "kernels/first_non_finite.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/tensor_list.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct RunningStatistic {
  void* running = nullptr;
  const void* batch = nullptr;
  std::int64_t count = 0;
  std::int64_t first_chunk = 0;
  float momentum = 0.1F;
};

struct RunningStatistics {
  TensorList<RunningStatistic> tensors;
  const std::int64_t* first_non_finite = nullptr;  // optional, [2]
  DataType type = DataType::float32;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const RunningStatistics&);

void running_statistics(Cpu, const RunningStatistics&);
void running_statistics(Simt, const RunningStatistics&);
void running_statistics(Cuda, const RunningStatistics&);

// The arithmetic, the same on every device.
template <class T>
SLEIGHT_HOST_DEVICE inline T moved_statistic(T running, T batch, float momentum) {
  const double share = static_cast<double>(momentum);
  return static_cast<T>((1 - share) * static_cast<double>(running) + share * static_cast<double>(batch));
}

}  // namespace sleight::kernels

// The mean of a vector: the loss of a batch from the losses of its samples.
//
//   forward    mean[0]    = sum_i values[i] / count
//   backward   gradient[i] = mean_gradient[0] / count
//
// Shapes    values, gradient [count]; mean, mean_gradient [1].
// Types     float32 or (cpu only) float64, all the same; anything else: std::invalid_argument.
// Saved     nothing.
// Writes    outputs are assigned (=) and overlap no input. One block sums in a fixed order: deterministic. Meant for
//           thousands of values, not millions.
// Errors    count < 1: std::invalid_argument.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct ReduceMeanForward {
  const void* values = nullptr;
  std::int64_t count = 0;
  void* mean = nullptr;
  DataType type = DataType::float32;
};

struct ReduceMeanBackward {
  const void* mean_gradient = nullptr;
  std::int64_t count = 0;
  void* gradient = nullptr;
  DataType type = DataType::float32;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const ReduceMeanForward&);
void check_arguments(const ReduceMeanBackward&);

void reduce_mean_forward(Cpu, const ReduceMeanForward&);
void reduce_mean_forward(Simt, const ReduceMeanForward&);
void reduce_mean_forward(Cuda, const ReduceMeanForward&);

void reduce_mean_backward(Cpu, const ReduceMeanBackward&);
void reduce_mean_backward(Simt, const ReduceMeanBackward&);
void reduce_mean_backward(Cuda, const ReduceMeanBackward&);

}  // namespace sleight::kernels

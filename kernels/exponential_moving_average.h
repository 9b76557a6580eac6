// The moving average of the weights, over all tensors in one launch:
//
//   average = ema_decay * average + (1 - ema_decay) * weights
//
// Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992, with exponential weights.
// Copied weights are the start; from zeros the average would lag for 1 / (1 - ema_decay) steps.
//
// Shapes    one AveragedTensor per tensor: average and weights each [count].
// Scalars   ema_decay is read from live_scalars (kernels/lib/live_scalars.h) in the device's memory.
// Guard     first_non_finite, where given, is the result of kernels/first_non_finite.h in the device's memory: when it
//           names a tensor the launch changes nothing. So a bad step changes nothing, without waiting for the host.
// Types     float32 or (cpu only) float64; anything else: std::invalid_argument. bfloat16 cannot hold an average: with
//           ema_decay 0.999 the added part is below its last bit.
// Writes    average is updated in place; weights are only read. Nothing overlaps. Element by element: deterministic.
// ema_decay 0 copies, 1 keeps.
#pragma once

#include <cstdint>

#include "kernels/first_non_finite.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/live_scalars.h"
#include "kernels/lib/tensor_list.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct AveragedTensor {
  void* average = nullptr;
  const void* weights = nullptr;
  std::int64_t count = 0;
  std::int64_t first_chunk = 0;
};

struct ExponentialMovingAverage {
  TensorList<AveragedTensor> tensors;
  const float* live_scalars = nullptr;             // [LiveScalar::count]
  const std::int64_t* first_non_finite = nullptr;  // optional, [2]
  DataType type = DataType::float32;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const ExponentialMovingAverage&);

// The arithmetic, the same wherever an average is kept.
template <class T>
SLEIGHT_HOST_DEVICE inline T moved_average(T average, T weight, T decay) {
  return decay * average + (T(1) - decay) * weight;
}

void exponential_moving_average(Cpu, const ExponentialMovingAverage&);
void exponential_moving_average(Simt, const ExponentialMovingAverage&);
void exponential_moving_average(Cuda, const ExponentialMovingAverage&);

}  // namespace sleight::kernels

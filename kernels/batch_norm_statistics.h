// What batch norm knows about a batch: mean and deviation of every channel over all rows (batch * height * width).
//
//   mean[c]               = sum_r x[r, c] / n
//   variance[c]           = sum_r (x[r, c] - mean[c])^2 / n      biased: what the batch is divided by
//   inverse_deviation[c]  = 1 / sqrt(variance[c] + epsilon)
//   unbiased_variance[c]  = variance[c] * n / (n - 1)            for the running statistics
//                                                                (kernels/running_statistics.h); with n = 1 the
//                                                                factor is left out
//
// In two stages, so that several processes can share one batch (sync batch norm): `partial` reduces this process's rows
// to per-channel (sum, sum of squares) and the count, in float64; these are added over the processes (empty and unequal
// slices included); `finish` makes the statistics of the total. batch_norm_statistics is one after the other.
//
// Numbers: a chunk of rows is summed as differences from the chunk's first row, so nothing cancels when |mean| is much
// larger than the deviation; chunks are combined in float64, where squares of float32 values lose nothing that matters.
//
// Shapes         x: the view; simt and cuda: channels last only (std::invalid_argument otherwise). Statistics: [C].
// Types          x: float32, bfloat16, float16, float64 (cpu only). Statistics: float32, or float64 with float64.
// Workspace      batch_norm_workspace_bytes(view) bytes, aligned to 16, no initial value; free again when the kernel is
//                done.
// Saved          mean and inverse_deviation, for apply and for backward.
// Aliasing       none.
// Writes         `=`; unbiased_variance may be null.
// Deterministic  yes: fixed chunks of rows, combined in a fixed order, whatever the number of threads.
// Errors         std::invalid_argument: no rows at all (batch_norm_statistics only).
// Source         Ioffe and Szegedy, "Batch Normalization", ICML 2015, algorithm 1; Chan, Golub and LeVeque, "Algorithms
//                for computing the sample variance", 1983, for the shifted sums.
#pragma once

#include <cstdint>

#include "kernels/lib/activation_view.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct BatchNormStatistics {
  DataType type = DataType::float32;
  ActivationView view;
  float epsilon = 1e-5F;
  const void* x = nullptr;
  void* mean = nullptr;
  void* inverse_deviation = nullptr;
  void* unbiased_variance = nullptr;  // optional
  void* workspace = nullptr;
};

struct BatchNormPartialStatistics {
  DataType type = DataType::float32;
  ActivationView view;
  const void* x = nullptr;
  double* sums = nullptr;  // [2 * C + 1]: C sums, C sums of squares, the number of rows
  void* workspace = nullptr;
};

struct BatchNormFinishStatistics {
  DataType type = DataType::float32;  // of the activations
  std::int64_t channels = 0;
  float epsilon = 1e-5F;
  const double* sums = nullptr;  // [2 * C + 1], added over the processes; the number of rows must not be 0
  void* mean = nullptr;
  void* inverse_deviation = nullptr;
  void* unbiased_variance = nullptr;  // optional
};

// Instead of the batch's statistics, at inference:
//   mean = running_mean,   inverse_deviation = 1 / sqrt(running_variance + epsilon)
struct BatchNormInferenceStatistics {
  DataType type = DataType::float32;  // of the activations
  std::int64_t channels = 0;
  float epsilon = 1e-5F;
  const void* running_mean = nullptr;
  const void* running_variance = nullptr;
  void* mean = nullptr;  // may be running_mean
  void* inverse_deviation = nullptr;
};

// Enough for the statistics (both stages) and for batch_norm_backward_reduce, on every device.
std::int64_t batch_norm_workspace_bytes(const ActivationView& view);

void batch_norm_statistics(Cpu, const BatchNormStatistics&);
void batch_norm_statistics(Simt, const BatchNormStatistics&);
void batch_norm_statistics(Cuda, const BatchNormStatistics&);

void batch_norm_partial_statistics(Cpu, const BatchNormPartialStatistics&);
void batch_norm_partial_statistics(Simt, const BatchNormPartialStatistics&);
void batch_norm_partial_statistics(Cuda, const BatchNormPartialStatistics&);

void batch_norm_finish_statistics(Cpu, const BatchNormFinishStatistics&);
void batch_norm_finish_statistics(Simt, const BatchNormFinishStatistics&);
void batch_norm_finish_statistics(Cuda, const BatchNormFinishStatistics&);

void batch_norm_inference_statistics(Cpu, const BatchNormInferenceStatistics&);
void batch_norm_inference_statistics(Simt, const BatchNormInferenceStatistics&);
void batch_norm_inference_statistics(Cuda, const BatchNormInferenceStatistics&);

}  // namespace sleight::kernels

// Batch norm in the form in which a library's fused convolution takes and gives it
// (kernels/convolution_with_statistics.h): two numbers per channel in, two sums per channel out.
//
//   scale[c] = gamma[c] * inverse_deviation[c]          so that the batch norm of x is x * scale[c] + shift[c]
//   shift[c] = beta[c] - mean[c] * scale[c]
//
//   mean, inverse_deviation, unbiased_variance from sum[c] = sum_r x[r, c] and sum_of_squares[c] = sum_r x[r, c]^2, by
//   the formulas of kernels/batch_norm_statistics.h
//
// Shapes         everything per channel: [C].
// Types          scale, shift: float32, bfloat16, float16, float64 (cpu only), rounded once. The sums: float32. All
//                else: float32, or float64 with float64.
// Numbers        the sums are not shifted: where |mean| is m times the deviation, the variance keeps 24 - 2 log2(m)
//                bits.
// Aliasing       none.
// Writes         `=`; unbiased_variance may be null.
// Deterministic  yes.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct BatchNormScaleShift {
  DataType type = DataType::float32;  // of scale and shift
  std::int64_t channels = 0;
  const void* mean = nullptr;
  const void* inverse_deviation = nullptr;
  const void* gamma = nullptr;
  const void* beta = nullptr;
  void* scale = nullptr;
  void* shift = nullptr;
};

struct BatchNormFinishSums {
  DataType type = DataType::float32;  // of the activations
  std::int64_t channels = 0;
  std::int64_t rows = 0;  // that were summed
  float epsilon = 1e-5F;
  const float* sum = nullptr;
  const float* sum_of_squares = nullptr;
  void* mean = nullptr;
  void* inverse_deviation = nullptr;
  void* unbiased_variance = nullptr;  // optional
};

void batch_norm_scale_shift(Cpu, const BatchNormScaleShift&);
void batch_norm_scale_shift(Simt, const BatchNormScaleShift&);
void batch_norm_scale_shift(Cuda, const BatchNormScaleShift&);

void batch_norm_finish_sums(Cpu, const BatchNormFinishSums&);
void batch_norm_finish_sums(Simt, const BatchNormFinishSums&);
void batch_norm_finish_sums(Cuda, const BatchNormFinishSums&);

}  // namespace sleight::kernels

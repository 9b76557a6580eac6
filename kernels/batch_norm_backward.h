// Backward of batch_norm_statistics + batch_norm_apply, in two passes: two sums per channel, then the gradient of x.
//
//   g                 = (z_gradient [+ second_z_gradient]) * f'(v)            v: the value before the activation
//   xhat              = (x - mean[c]) * inverse_deviation[c]
//   beta_gradient[c]  = sum_r g
//   gamma_gradient[c] = sum_r g * xhat
//   x_gradient        = gamma[c] * inverse_deviation[c] * (g - (beta_gradient[c] + xhat * gamma_gradient[c]) / n)
//
// The second gradient is the one that arrives over the shortcut when z is used twice; adding it here saves a pass.
// Where the sign of v comes from:
//   - without a residual: z = null, v is recomputed from x by the arithmetic of batch_norm_apply, and z need not
//     be kept;
//   - after a residual was added: z, the saved output, has the sign of v.
// g is also the gradient of the residual. Where it is needed (a residual, or a second gradient) reduce writes it
// to masked_gradient, and apply then takes gradient = masked_gradient with activation = none. Otherwise apply takes
// gradient = z_gradient with the same activation and recomputes g.
//
// Shapes         tensors: the view; simt and cuda: channels last only (std::invalid_argument otherwise). Per channel:
//                [C].
// Types          tensors: float32, bfloat16 and float16 (arithmetic in float32), float64 (cpu only). Per
//                channel: float32, or float64 with float64. The sums are of g as stored: rounded, if in 16 bits.
// Workspace      reduce: batch_norm_workspace_bytes(view) bytes (batch_norm_statistics.h), aligned to 16.
// Aliasing       masked_gradient may be z_gradient or second_z_gradient; x_gradient may be gradient or x.
// Writes         `=`.
// Deterministic  yes: fixed chunks of rows, combined in a fixed order, whatever the number of threads.
// Sync           between the passes, several processes add both sums over all of them (the parameters' own gradients
//                stay the local sums) and give apply the total number of rows.
// Source         Ioffe and Szegedy, "Batch Normalization", ICML 2015, section 3.
#pragma once

#include "kernels/lib/activation_function.h"
#include "kernels/lib/activation_view.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct BatchNormBackwardReduce {
  DataType type = DataType::float32;
  ActivationView view;
  ActivationFunction activation = ActivationFunction::none;
  float slope = 0;
  const void* z_gradient = nullptr;
  const void* second_z_gradient = nullptr;  // optional
  const void* x = nullptr;
  const void* mean = nullptr;
  const void* inverse_deviation = nullptr;
  const void* gamma = nullptr;      // read only to recompute v
  const void* beta = nullptr;       // read only to recompute v
  const void* z = nullptr;          // optional: where the sign of v comes from
  void* masked_gradient = nullptr;  // optional
  void* beta_gradient = nullptr;
  void* gamma_gradient = nullptr;
  void* workspace = nullptr;
};

struct BatchNormBackwardApply {
  DataType type = DataType::float32;
  ActivationView view;
  ActivationFunction activation = ActivationFunction::none;
  float slope = 0;
  const void* gradient = nullptr;
  const void* x = nullptr;
  const void* mean = nullptr;
  const void* inverse_deviation = nullptr;
  const void* gamma = nullptr;
  const void* beta = nullptr;  // read only to recompute v
  const void* beta_gradient = nullptr;
  const void* gamma_gradient = nullptr;
  const double* rows = nullptr;  // optional: the number of rows of all processes, in the device's memory
  void* x_gradient = nullptr;
};

void batch_norm_backward_reduce(Cpu, const BatchNormBackwardReduce&);
void batch_norm_backward_reduce(Simt, const BatchNormBackwardReduce&);
void batch_norm_backward_reduce(Cuda, const BatchNormBackwardReduce&);

void batch_norm_backward_apply(Cpu, const BatchNormBackwardApply&);
void batch_norm_backward_apply(Simt, const BatchNormBackwardApply&);
void batch_norm_backward_apply(Cuda, const BatchNormBackwardApply&);

}  // namespace sleight::kernels

// One number per channel, added to every row; and its gradient.
//
//   forward    y[r, c] = x[r, c] + bias[c]
//   backward   bias_gradient[c] = sum over r of y_gradient[r, c]       (the gradient of x is y_gradient itself)
//
// Shapes         x, y, y_gradient: the view (a matrix [rows, C] is a view with height = width = 1, lanes = C);
//                bias, bias_gradient: [C]. simt and cuda: channels last only (std::invalid_argument otherwise).
// Types          x, y, y_gradient: float32, bfloat16, float16, float64 (cpu only); bias, bias_gradient: float32,
//                or float64 with float64.
// Workspace      bias_gradient: bias_gradient_workspace_bytes(view) bytes, aligned to 16, no initial value.
// Aliasing       y may be x.
// Writes         `=`.
// Deterministic  yes: fixed chunks of rows, summed in a fixed order, whatever the number of threads.
#pragma once

#include <cstdint>

#include "kernels/lib/activation_view.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct Bias {
  DataType type = DataType::float32;
  ActivationView view;
  const void* x = nullptr;
  const void* bias = nullptr;
  void* y = nullptr;
};

struct BiasGradient {
  DataType type = DataType::float32;
  ActivationView view;
  const void* y_gradient = nullptr;
  void* bias_gradient = nullptr;
  void* workspace = nullptr;
};

std::int64_t bias_gradient_workspace_bytes(const ActivationView& view);

void bias(Cpu, const Bias&);
void bias(Simt, const Bias&);
void bias(Cuda, const Bias&);

void bias_gradient(Cpu, const BiasGradient&);
void bias_gradient(Simt, const BiasGradient&);
void bias_gradient(Cuda, const BiasGradient&);

}  // namespace sleight::kernels

// Pointwise activation, alone. (After a batch norm it is fused: batch_norm_apply.h.)
//
//   forward    y = f(x)                        f: activation_function.h
//   backward   x_gradient = y_gradient * f'    f' from the sign of the saved output y
//
// Shapes         any tensor of `size` values, in any layout.
// Types          float32, bfloat16 and float16 (arithmetic in float32), float64 (cpu only).
// Saved          y.
// Aliasing       y may be x; x_gradient may be y_gradient or y.
// Writes         `=`.
// Deterministic  yes.
#pragma once

#include <cstdint>

#include "kernels/lib/activation_function.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct ActivationForward {
  DataType type = DataType::float32;
  std::int64_t size = 0;
  ActivationFunction function = ActivationFunction::relu;
  float slope = 0;
  const void* x = nullptr;
  void* y = nullptr;
};

struct ActivationBackward {
  DataType type = DataType::float32;
  std::int64_t size = 0;
  ActivationFunction function = ActivationFunction::relu;
  float slope = 0;
  const void* y = nullptr;
  const void* y_gradient = nullptr;
  void* x_gradient = nullptr;
};

void activation_forward(Cpu, const ActivationForward&);
void activation_forward(Simt, const ActivationForward&);
void activation_forward(Cuda, const ActivationForward&);

void activation_backward(Cpu, const ActivationBackward&);
void activation_backward(Simt, const ActivationBackward&);
void activation_backward(Cuda, const ActivationBackward&);

}  // namespace sleight::kernels

// Batch norm's second half: normalize, scale, shift; add the shortcut of a residual block; activate. One pass.
//
//   z = f((x - mean[c]) * (gamma[c] * inverse_deviation[c]) + beta[c] [+ residual])        f: activation_function.h
//
// Shapes         x, residual, z: the view; simt and cuda: channels last only (std::invalid_argument otherwise).
//                mean, inverse_deviation, gamma, beta: [C].
// Types          x, residual, z: float32, bfloat16 and float16 (arithmetic in float32), float64 (cpu only).
//                Per channel: float32, or float64 with float64.
// Saved          x; with a residual and an activation also z, for its sign.
// Aliasing       z may be x or residual (but backward needs x).
// Writes         `=`.
// Deterministic  yes.
// Source         Ioffe and Szegedy, "Batch Normalization", ICML 2015, algorithm 1.
#pragma once

#include <cmath>

#include "kernels/lib/activation_function.h"
#include "kernels/lib/activation_view.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct BatchNormApply {
  DataType type = DataType::float32;
  ActivationView view;
  ActivationFunction activation = ActivationFunction::none;
  float slope = 0;
  const void* x = nullptr;
  const void* mean = nullptr;
  const void* inverse_deviation = nullptr;
  const void* gamma = nullptr;
  const void* beta = nullptr;
  const void* residual = nullptr;  // optional
  void* z = nullptr;
};

// What backward recomputes to find the sign before the activation: one function, and an explicit fma, so that a compiler
// that is free to contract cannot make the two differ.
template <class Value>
SLEIGHT_HOST_DEVICE inline Value batch_norm_value(Value x, Value mean, Value scale, Value beta) {
  return std::fma(x - mean, scale, beta);
}

void batch_norm_apply(Cpu, const BatchNormApply&);
void batch_norm_apply(Simt, const BatchNormApply&);
void batch_norm_apply(Cuda, const BatchNormApply&);

}  // namespace sleight::kernels

// Largest value under a sliding window.
//
//   forward    y[n, c, oh, ow] = max over the real pixels of the window of x[n, c, h, w]; padding counts as -infinity
//              argmax[n, c, oh, ow] = (h - (oh * stride - padding)) * kernel + w - (ow * stride - padding)
//   backward   x_gradient[n, c, h, w] = sum of y_gradient over the windows whose argmax is (h, w)
//
// Equal values: the first in row-major order wins. NaN: the window gives NaN, at the last NaN. Both as in PyTorch.
//
// Shapes         x, x_gradient: `input`; y, y_gradient, argmax: pooled_view(input, window), in the same layout.
//                simt and cuda: channels last only (std::invalid_argument otherwise).
// Types          x, y and gradients: float32, bfloat16, float16, float64 (cpu only); argmax: uint8.
// Saved          argmax (null in forward when no backward follows).
// Aliasing       none.
// Writes         `=`: backward gathers, every pixel of x_gradient is written once, without atomics.
// Deterministic  yes.
#pragma once

#include <cstdint>

#include "kernels/lib/activation_view.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/pool_window.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct MaxPool {
  DataType type = DataType::float32;
  ActivationView input;
  PoolWindow window;
  const void* x = nullptr;
  void* y = nullptr;
  std::uint8_t* argmax = nullptr;
};

struct MaxPoolBackward {
  DataType type = DataType::float32;
  ActivationView input;
  PoolWindow window;
  const void* y_gradient = nullptr;
  const std::uint8_t* argmax = nullptr;
  void* x_gradient = nullptr;
};

void max_pool(Cpu, const MaxPool&);
void max_pool(Simt, const MaxPool&);
void max_pool(Cuda, const MaxPool&);

void max_pool_backward(Cpu, const MaxPoolBackward&);
void max_pool_backward(Simt, const MaxPoolBackward&);
void max_pool_backward(Cuda, const MaxPoolBackward&);

}  // namespace sleight::kernels

// Mean under a sliding window; the divisor is the number of real pixels in the window (padding does not count).
//
//   forward    y[n, c, oh, ow] = (sum of x over the real pixels of the window) / count(oh, ow)
//   backward   x_gradient[n, c, h, w] = sum over the windows (oh, ow) that cover (h, w) of
//                                       y_gradient[n, c, oh, ow] / count(oh, ow)
//
// As PyTorch's AvgPool2d with count_include_pad = false. The 2x2 stride 2 pooling of ResNet-D's shortcut uses ceil_mode
// for odd sizes, as GluonCV does (He et al., "Bag of Tricks for Image Classification", 2018, section 4.2).
//
// Shapes         x, x_gradient: `input`; y, y_gradient: pooled_view(input, window), in the same layout.
//                simt and cuda: channels last only (std::invalid_argument otherwise).
// Types          float32, bfloat16 and float16 (summed in float32), float64 (cpu only).
// Saved          nothing.
// Aliasing       none.
// Writes         `=`: backward gathers, without atomics.
// Deterministic  yes.
#pragma once

#include "kernels/lib/activation_view.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/pool_window.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct AveragePool {
  DataType type = DataType::float32;
  ActivationView input;
  PoolWindow window;
  const void* x = nullptr;
  void* y = nullptr;
};

struct AveragePoolBackward {
  DataType type = DataType::float32;
  ActivationView input;
  PoolWindow window;
  const void* y_gradient = nullptr;
  void* x_gradient = nullptr;
};

void average_pool(Cpu, const AveragePool&);
void average_pool(Simt, const AveragePool&);
void average_pool(Cuda, const AveragePool&);

void average_pool_backward(Cpu, const AveragePoolBackward&);
void average_pool_backward(Simt, const AveragePoolBackward&);
void average_pool_backward(Cuda, const AveragePoolBackward&);

}  // namespace sleight::kernels

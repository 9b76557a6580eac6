// Mean of each channel over a whole image: from activations to the matrix a classifier multiplies.
//
//   forward    y[n, c] = (sum over h, w of x[n, c, h, w]) / (height * width)
//   backward   x_gradient[n, c, h, w] = y_gradient[n, c] / (height * width)
//
// Shapes         x, x_gradient: the view; y, y_gradient: a plain matrix [batch, C], whatever the layout of x.
//                simt and cuda: channels last only (std::invalid_argument otherwise).
// Types          float32, bfloat16 and float16 (summed in float32), float64 (cpu only).
// Saved          nothing.
// Aliasing       none.
// Writes         `=`.
// Deterministic  yes: sums in a fixed order, without atomics.
// Source         Lin et al., "Network In Network", ICLR 2014, section 3.2.
#pragma once

#include "kernels/lib/activation_view.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct GlobalAveragePool {
  DataType type = DataType::float32;
  ActivationView view;
  const void* x = nullptr;
  void* y = nullptr;
};

struct GlobalAveragePoolBackward {
  DataType type = DataType::float32;
  ActivationView view;
  const void* y_gradient = nullptr;
  void* x_gradient = nullptr;
};

void global_average_pool(Cpu, const GlobalAveragePool&);
void global_average_pool(Simt, const GlobalAveragePool&);
void global_average_pool(Cuda, const GlobalAveragePool&);

void global_average_pool_backward(Cpu, const GlobalAveragePoolBackward&);
void global_average_pool_backward(Simt, const GlobalAveragePoolBackward&);
void global_average_pool_backward(Cuda, const GlobalAveragePoolBackward&);

}  // namespace sleight::kernels

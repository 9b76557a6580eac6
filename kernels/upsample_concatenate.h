// Doubles the size by repeating pixels, then appends the channels of a second image: a feature pyramid passes coarse
// features to a finer scale this way (Redmon and Farhadi, "YOLOv3", 2018, section 2.3; [upsample] stride 2 and
// [route] in darknet's yolov3.cfg).
//
//   forward    y[n, c, h, w]              = x[n, c, h / 2, w / 2]      for c < A (rounded down)
//              y[n, A + c, h, w]          = skip[n, c, h, w]           for c < B
//   backward   x_gradient[n, c, h, w]     = sum over i, j in {0, 1} of y_gradient[n, c, 2 h + i, 2 w + j]
//              skip_gradient[n, c, h, w]  = y_gradient[n, A + c, h, w]
//
// One kernel, because the enlarged x alone would only be written to be read again.
//
// Shapes         x, x_gradient: [N, h, w, A]; skip, skip_gradient: [N, 2 h, 2 w, B]; y, y_gradient: [N, 2 h, 2 w, A +
//                B], each in its own layout. simt and cuda: channels last only (std::invalid_argument otherwise).
// Types          float32, bfloat16 and float16 (summed in float32), float64 (cpu only).
// Saved          nothing.
// Aliasing       none.
// Writes         `=`.
// Deterministic  yes: the four terms are added in a fixed order. Forward only moves bits.
#pragma once

#include "kernels/lib/activation_view.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct UpsampleConcatenate {
  DataType type = DataType::float32;
  ActivationView x_view;
  ActivationView skip_view;
  ActivationView y_view;
  const void* x = nullptr;
  const void* skip = nullptr;
  void* y = nullptr;
};

struct UpsampleConcatenateBackward {
  DataType type = DataType::float32;
  ActivationView x_view;
  ActivationView skip_view;
  ActivationView y_view;
  const void* y_gradient = nullptr;
  void* x_gradient = nullptr;
  void* skip_gradient = nullptr;
};

void upsample_concatenate(Cpu, const UpsampleConcatenate&);
void upsample_concatenate(Simt, const UpsampleConcatenate&);
void upsample_concatenate(Cuda, const UpsampleConcatenate&);

void upsample_concatenate_backward(Cpu, const UpsampleConcatenateBackward&);
void upsample_concatenate_backward(Simt, const UpsampleConcatenateBackward&);
void upsample_concatenate_backward(Cuda, const UpsampleConcatenateBackward&);

}  // namespace sleight::kernels

// From the raw predictions of YOLOv3's three scales to boxes with a score for each class.
//
//   boxes(n, p)     = the corners of the box that place p predicts (yolo_scale.h), in pixels, not clipped to the image
//   scores(n, p, k) = sigmoid(objectness) * sigmoid(class k)
//
// p numbers the places of an image over all scales: scale 0 first, then by row, column, anchor.
//
// Shapes    predictions[s] [batch, height, width, 3 * (5 + classes)] of scale s; boxes [batch, places, 4]: left, top,
//           right, bottom; scores [batch, places, classes], the classes of a place side by side as in the predictions,
//           so that both are read and written in the order of memory.
// Types     predictions: float32, bfloat16, float16 or (cpu only) float64; boxes and scores float32; arithmetic in
//           Accumulator.
// Range     exp(tw) and exp(th) may overflow: such a box has infinite or NaN corners (non_maximum_suppression.h passes
//           it over). Nothing is cut off here, where it could not be told from a prediction.
// Errors    scales of different batch or classes, or not numbered 0, 1, 2: std::invalid_argument.
// Writes    all outputs are assigned (=) and overlap nothing. Deterministic. No gradient.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"
#include "kernels/lib/yolo_scale.h"

namespace sleight::kernels {

struct YoloDecode {
  DataType type = DataType::float32;
  YoloScale scales[yolo_scales];
  const void* predictions[yolo_scales] = {};
  float* boxes = nullptr;
  float* scores = nullptr;

  // Of an image, on all scales.
  std::int64_t places() const { return std::int64_t{scales[0].places()} + scales[1].places() + scales[2].places(); }
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const YoloDecode&);

void yolo_decode(Cpu, const YoloDecode&);
void yolo_decode(Simt, const YoloDecode&);
void yolo_decode(Cuda, const YoloDecode&);

}  // namespace sleight::kernels

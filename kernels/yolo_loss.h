// The loss of YOLOv3 on one of its three scales: which place is responsible for which object, and its loss.
//
// Every object belongs to one place of one scale: its best anchor (yolo_assign.h) in the cell of its center,
// floor(center / stride), moved into the grid where the center lies on the image's right or lower edge or outside.
//
//   assigned(n, place) =  m    the last object m of image n that belongs to the place
//                        -2    ignored: no object belongs there, but the predicted box has
//                              IoU > ignore_threshold with an object of the image (of any class and scale)
//                        -1    negative: none of these
//
//   positives (assigned m; w, h: the object's size; W, H: the image's; b = weight(m) * (2 - w*h / (W*H))):
//     center      b * (bce(tx, center x / stride - column) + bce(ty, center y / stride - row))
//     size        b * (d(tw - log(max(w, 1) / anchor width)) + d(th - log(max(h, 1) / anchor height)))
//                 d(x) = |x| (SizeLoss::l1) or x*x/2 (SizeLoss::l2)
//     objectness  weight(m) * bce(objectness, 1)                      the target is 1 whatever the weight is
//     classes     weight(m) * sum_k bce(logit k, k = class of m ? at_label : elsewhere)
//                 ClassSmoothing::none     1 and 0
//                 ClassSmoothing::gluon    1 - s and s,       s = min(1/classes, epsilon)
//                 ClassSmoothing::darknet  1 - e/2 and e/2,   e = epsilon
//   negatives     objectness: bce(objectness, 0), with weight 1
//   ignored       nothing
//
//   bce(x, t) = max(x, 0) - x*t + log(1 + exp(-|x|))         binary cross-entropy of sigmoid(x); finite for finite x
//
//   forward    components = the four sums over all places of all images / batch;  loss = the sum of the four
//   backward   prediction_gradient = loss_gradient * d loss / d prediction; assigned does not depend on the prediction
//              as far as the gradient is concerned
//
// Without box_weight, b = weight(m). Targets of the center are kept in [0, 1], also for centers outside of the image.
// Boxes are expected inside the image: for one of more than twice its area, 2 - w*h / (W*H) is negative.
//
// Source    Redmon and Farhadi, arXiv 1804.02767; GluonCV, YOLOV3Loss and YOLOV3TargetMerger; the weights of mixed
//           images: Zhang et al., arXiv 1902.04103. |x| has slope 0 at 0. x*x/2 is darknet's "delta".
// Shapes    yolo_scale.h. prediction and its gradient [batch, height, width, 3 * (5 + classes)]; object_boxes float32
//           [batch, objects, 4] (left, top, right, bottom in pixels), object_classes int32, object_weights float32,
//           best_anchor int32 [batch, objects]; an object is what has best_anchor >= 0, in any order and with gaps;
//           assigned int32 [batch, places]; loss, loss_gradient [1]; components [4]: center, size, objectness, classes.
// Types     prediction and gradient: float32, bfloat16, float16 or (cpu only) float64. loss, its gradient, the
//           components and the arithmetic: Accumulator of it. An object's cell is found in float64 everywhere, so that
//           a center on the border of two cells falls to the same one on every device.
// Range     finite predictions give a finite loss, up to the largest sums of the type. exp(tw) and exp(th) appear in
//           the IoU alone; where they overflow, a box has an infinite union with everything and is not ignored.
// Saved     for backward: prediction and assigned.
// Errors    sizes that do not make sense: std::invalid_argument. A class outside of 0..classes-1: the cpu throws
//           std::invalid_argument naming image and object; the GPU gives a NaN loss, and NaN in the row of the
//           gradient.
// Writes    all outputs are assigned (=). prediction_gradient may be prediction itself; nothing else overlaps.
// Order     sums in one fixed order: deterministic, whatever the number of threads.
// Memory    forward reads the five numbers in front of each row and the classes at positives alone: per place of 80
//           classes in float32 1.5 sectors of 32 bytes instead of the row's 340. Backward writes every byte once and
//           reads one sector per place.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"
#include "kernels/lib/yolo_scale.h"

namespace sleight::kernels {

enum class SizeLoss : std::uint8_t { l1, l2 };
enum class ClassSmoothing : std::uint8_t { none, gluon, darknet };

// What `assigned` says of a place without an object.
inline constexpr std::int32_t yolo_negative = -1;
inline constexpr std::int32_t yolo_ignored = -2;

struct YoloObjects {
  const float* boxes = nullptr;
  const std::int32_t* classes = nullptr;
  const float* weights = nullptr;
  const std::int32_t* best_anchor = nullptr;
  std::int64_t per_image = 0;
};

struct YoloLossOptions {
  SizeLoss size_loss = SizeLoss::l1;
  ClassSmoothing smoothing = ClassSmoothing::none;
  double epsilon = 1.0 / 40;  // of the smoothing
  double ignore_threshold = 0.7;
  bool box_weight = true;
};

struct YoloLoss {
  DataType type = DataType::float32;
  YoloScale scale;
  YoloLossOptions options;
  YoloObjects objects;
  const void* prediction = nullptr;
  void* loss = nullptr;
  void* components = nullptr;
  std::int32_t* assigned = nullptr;
  void* workspace = nullptr;  // yolo_loss_workspace_bytes
};

struct YoloLossBackward {
  DataType type = DataType::float32;
  YoloScale scale;
  YoloLossOptions options;
  YoloObjects objects;
  const void* prediction = nullptr;
  const std::int32_t* assigned = nullptr;
  const void* loss_gradient = nullptr;
  void* prediction_gradient = nullptr;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const YoloLoss&);
void check_arguments(const YoloLossBackward&);

std::int64_t yolo_loss_workspace_bytes(const YoloScale& scale, std::int64_t objects_per_image);

void yolo_loss(Cpu, const YoloLoss&);
void yolo_loss(Simt, const YoloLoss&);
void yolo_loss(Cuda, const YoloLoss&);

void yolo_loss_backward(Cpu, const YoloLossBackward&);
void yolo_loss_backward(Simt, const YoloLossBackward&);
void yolo_loss_backward(Cuda, const YoloLossBackward&);

}  // namespace sleight::kernels

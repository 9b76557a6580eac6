// Which of the nine anchors each object belongs to: the one most like it in width and height.
//
//   best_anchor(n, m) = argmax_a IoU of the object and anchor a, both centered on one point;  ties: the lower anchor
//                     = -1 where there is no object: object_classes(n, m) < 0, or a width or height that is not above
//                       zero, or an area that is not finite (NaN included)
//
// Source    Redmon and Farhadi, arXiv 1804.02767, section 2.1; GluonCV, YOLOV3PrefetchTargetGenerator.
// Shapes    object_boxes float32 [batch * objects, 4]: left, top, right, bottom in pixels; object_classes and
//           best_anchor int32 [batch * objects].
// Types     the comparison is in float64 on every device: boxes with few digits tie as they do on paper.
// Errors    an anchor without area: std::invalid_argument.
// Writes    best_anchor is assigned (=); it may not overlap an input. Deterministic. No gradient.
#pragma once

#include <cstdint>
#include <limits>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/yolo_scale.h"

namespace sleight::kernels {

struct YoloAssign {
  const float* object_boxes = nullptr;
  const std::int32_t* object_classes = nullptr;
  std::int64_t objects = 0;  // of all images together
  AnchorSize anchors[yolo_anchors] = {};
  std::int32_t* best_anchor = nullptr;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const YoloAssign&);

void yolo_assign(Cpu, const YoloAssign&);
void yolo_assign(Simt, const YoloAssign&);
void yolo_assign(Cuda, const YoloAssign&);

// What one thread does.
SLEIGHT_HOST_DEVICE inline std::int32_t best_anchor_of(const YoloAssign& arguments, std::int64_t object) {
  const float* const box = arguments.object_boxes + object * 4;
  const double width = static_cast<double>(box[2]) - static_cast<double>(box[0]);
  const double height = static_cast<double>(box[3]) - static_cast<double>(box[1]);
  const double area = width * height;
  // A comparison and not area - area == 0: a compiler may make that one fma, which leaves the rounding of the product.
  const bool is_box = width > 0 && height > 0 && area < std::numeric_limits<double>::infinity();
  if (arguments.object_classes[object] < 0 || !is_box) return -1;
  const BoxCorners<double> size{0, 0, width, height};
  std::int32_t best = 0;
  double best_iou = -1;
  for (std::int32_t anchor = 0; anchor < yolo_anchors; ++anchor) {
    const AnchorSize candidate = arguments.anchors[anchor];
    const BoxOverlap<double> overlap = box_overlap<double>(size, {0, 0, candidate.width, candidate.height});
    const double iou = overlap.shared / overlap.united;
    if (iou > best_iou) {
      best_iou = iou;
      best = anchor;
    }
  }
  return best;
}

}  // namespace sleight::kernels

// Objects for the cases of YOLOv3: boxes near the size of its anchors, in images that are not square.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {

// A prediction of one scale, and the objects beside it.
struct YoloShape {
  std::int64_t batch, height, width;  // of the grid, in cells
  std::int64_t classes, scale, objects;

  Shape prediction() const { return {batch, height, width, 3 * (5 + classes)}; }
  std::int64_t stride() const { return 8 << scale; }
  std::int64_t places() const { return batch * height * width * 3; }
  std::string label() const { return to_string(prediction()) + " with " + std::to_string(objects); }
};

ops::YoloAnchors yolo_anchors();
// The nine sizes as the attribute "anchors".
std::vector<double> anchor_numbers();

// Among them: two in one place, centers on the borders of cells, on the right and lower edges of the image and
// outside, a box without area, and gaps (class -1) as soon as there are enough.
std::vector<double> object_boxes(const YoloShape& shape);
std::vector<double> object_classes(const YoloShape& shape);
std::vector<double> object_weights(const YoloShape& shape);
// What yolo_assign says of them, and what yolo_loss could say of their places (every third of the others is ignored).
std::vector<double> best_anchors(const YoloShape& shape);
std::vector<double> assigned_places(const YoloShape& shape);

// Boxes, classes, weights as inputs.
std::vector<Input> object_inputs(const YoloShape& shape);

}  // namespace sleight::cases

// A second family of detectors, as small as one can be and as different from YOLOv3: one scale of 16 pixels, boxes
// without anchors, a loss in two parts with operations of its own. No file of the product knows it.
#pragma once

#include "models/detector.h"

namespace sleight::test {

// The model "toy" of the family "toy_boxes", for images whose sides are multiples of 16. In each cell of 16 x 16 pixels
// the network predicts the distances to the left, top, right and bottom edge of a box around the cell's center, in
// units of --toy-box-scale pixels, and a logit for each class. With K classes, N images, and each object in the cell of
// its center:
//
//   corners   --toy-corner-weight * sum over objects of weight * (prediction - distance / scale)^2 / 2, by N
//   presence  sum over cells and classes of binary cross-entropy against "an object of that class is here", by N
//
// It smooths no classes. Its metadata is "toy_box_scale". On the cpu in float32 alone.
DetectorFamily toy_family();

}  // namespace sleight::test

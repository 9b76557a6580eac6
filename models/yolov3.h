// YOLOv3 (Redmon and Farhadi, "YOLOv3: An Incremental Improvement", 2018): a DarkNet and three heads, on strides 8, 16
// and 32, in the order and with the layers of darknet's yolov3.cfg.
//
// A head is a series of pairs, 1x1 to half the channels and 3x3 back, followed by a 1x1 with bias that predicts. The
// input of the last 3x3 also passes through a 1x1, is enlarged to twice the size, and enters the next finer head in
// front of the backbone's channels.
#pragma once

#include <array>

#include "engine/data/detector/anchors.h"
#include "models/darknet.h"

namespace sleight {

struct Yolov3 {
  Darknet backbone;             // of five stages
  std::int64_t head_pairs = 3;  // of 1x1 and 3x3 in each head
  // The objectness that a new head predicts everywhere, in (0, 1). Nearly all places are empty: darknet starts from
  // 1/2, and the first few hundred steps push it down (Lin et al., "Focal Loss", arXiv 1708.02002, section 4.1).
  double objectness_prior = 0.01;

  // Of the whole network, the predicting ones included.
  std::int64_t convolutions() const { return backbone.convolutions() + 3 * (2 * head_pairs + 1) + 2; }
};

inline constexpr std::size_t yolov3_scales = 3;
inline constexpr std::int64_t yolov3_anchors_per_scale = 3;

Yolov3 yolov3_darknet53();      // 75 convolutions, 61,949,149 parameters for 80 classes
Yolov3 yolov3_darknet_small();  // one pair in each head; 1.7 million parameters for 80 classes

// The nine of yolov3.cfg, found on COCO at 416 x 416, smallest first: 0..2 at stride 8, 3..5 at 16, 6..8 at 32. In
// pixels of the network's input at every size: they do not scale with it.
const std::array<BoxSize, 9>& yolov3_default_anchors();

// images [N,H,W,3] -> raw predictions [N, H/s, W/s, 3 * (5 + classes)] for s = 8, 16, 32. For each anchor in turn the
// channels are tx, ty, tw, th, objectness, a logit per class. Throws Error unless H and W are multiples of 32.
std::array<ValueId, yolov3_scales> yolov3(Tracer& trace, ValueId images, std::int64_t classes, const Yolov3& network);

}  // namespace sleight

// The geometry of YOLOv3 (Redmon and Farhadi, arXiv 1804.02767, section 2.1): what the kernels of its loss and of its
// boxes agree on. Host and device code alike.
//
// Three scales, 0 to 2, predict on grids with cells of 8, 16 and 32 pixels. Each cell has three anchors; the nine are
// numbered from the smallest, so that scale s has the anchors 3s to 3s + 2. The prediction of a scale is
//
//   [batch, height, width, 3 * (5 + classes)]       channel = anchor * (5 + classes) + {0: tx, 1: ty, 2: tw, 3: th,
//                                                             4: objectness, 5...: classes}
//
// which is a matrix with one row of 5 + classes numbers for each place. A *place* is an anchor of a cell of an image:
// place = (row * width + column) * 3 + anchor. The box that a place predicts, in pixels:
//
//   center x = (sigmoid(tx) + column) * stride       width  = exp(tw) * anchor width
//   center y = (sigmoid(ty) + row) * stride          height = exp(th) * anchor height
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/lib/box_overlap.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

inline constexpr int yolo_scales = 3;
inline constexpr int yolo_anchors_per_scale = 3;
inline constexpr int yolo_anchors = yolo_scales * yolo_anchors_per_scale;

// The values before the classes in the row of a place.
struct YoloChannel {
  enum Index : int { tx, ty, tw, th, objectness, first_class };
};

// In pixels.
struct AnchorSize {
  float width = 0;
  float height = 0;
};

struct YoloScale {
  std::int64_t batch = 0;
  std::int32_t height = 0;  // of the grid, in cells
  std::int32_t width = 0;
  std::int32_t classes = 0;
  std::int32_t scale = 0;  // 0 to 2
  AnchorSize anchors[yolo_anchors_per_scale] = {};

  SLEIGHT_HOST_DEVICE constexpr std::int32_t stride() const { return 8 << scale; }
  SLEIGHT_HOST_DEVICE constexpr std::int32_t row_size() const { return YoloChannel::first_class + classes; }
  // Selects, because an index that only the run knows would move the anchors to a GPU's local memory.
  SLEIGHT_HOST_DEVICE constexpr AnchorSize anchor(std::int32_t index) const {
    return index == 0 ? anchors[0] : index == 1 ? anchors[1] : anchors[2];
  }
  // Of one image.
  SLEIGHT_HOST_DEVICE constexpr std::int32_t places() const { return height * width * yolo_anchors_per_scale; }
};

template <class Value>
SLEIGHT_HOST_DEVICE inline Value sigmoid(Value logit) {
  // exp overflows to infinity for very negative logits, and 1 / infinity is the right limit.
  return Value(1) / (Value(1) + std::exp(-logit));
}

// The box of a place, given sigmoid(tx), sigmoid(ty), exp(tw) and exp(th).
template <class Value>
SLEIGHT_HOST_DEVICE inline BoxCorners<Value> yolo_box(const YoloScale& scale, std::int32_t place, Value fraction_x,
                                                      Value fraction_y, Value width_factor, Value height_factor) {
  const std::int32_t cell = place / yolo_anchors_per_scale;
  const std::int32_t row = cell / scale.width;
  const std::int32_t column = cell - row * scale.width;
  const AnchorSize anchor = scale.anchor(place - cell * yolo_anchors_per_scale);
  const Value stride = static_cast<Value>(scale.stride());
  const Value x = (fraction_x + static_cast<Value>(column)) * stride;
  const Value y = (fraction_y + static_cast<Value>(row)) * stride;
  const Value half_width = width_factor * static_cast<Value>(anchor.width) / Value(2);
  const Value half_height = height_factor * static_cast<Value>(anchor.height) / Value(2);
  return {x - half_width, y - half_height, x + half_width, y + half_height};
}

}  // namespace sleight::kernels

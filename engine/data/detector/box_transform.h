// Maps an image's pixels to its place in a batch and back.
#pragma once

#include "engine/data/detector/box.h"

namespace sleight {

// x in the batch = x in the image * scale_x + offset_x, y likewise, before any mirroring.
struct BoxTransform {
  double scale_x = 1.0, scale_y = 1.0;
  double offset_x = 0.0, offset_y = 0.0;

  constexpr Box to_batch(const Box& box) const {
    return {box.left * scale_x + offset_x, box.top * scale_y + offset_y, box.right * scale_x + offset_x,
            box.bottom * scale_y + offset_y};
  }
  // Maps a detection from the batch to the image; not clipped.
  constexpr Box to_image(const Box& box) const {
    return {(box.left - offset_x) / scale_x, (box.top - offset_y) / scale_y, (box.right - offset_x) / scale_x,
            (box.bottom - offset_y) / scale_y};
  }

  constexpr bool operator==(const BoxTransform&) const = default;
};

// Mirrors left to right in an image of this width.
constexpr Box mirrored(const Box& box, double width) {
  return {width - box.right, box.top, width - box.left, box.bottom};
}

}  // namespace sleight

// One batch of prepared images with their objects: the input of a detector's training step.
#pragma once

#include <cstdint>
#include <span>

namespace sleight {

// N = size, H = height, W = width, M = maximum_objects.
struct DetectorBatchView {
  std::int64_t size = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t maximum_objects = 0;
  std::span<const std::uint8_t> images;  // [N, H, W, 3] red, green, blue; mixed, not yet mirrored
  std::span<const std::int32_t> flips;   // [N] 1: mirror this image left to right
  // [N, M, 4] left, top, right, bottom in pixels of the batch's image, already mirrored where flips says so.
  std::span<const float> object_boxes;
  std::span<const std::int32_t> object_classes;  // [N, M] -1: an empty place
  std::span<const float> object_weights;         // [N, M] share in the loss
  bool images_pinned = false;                    // a GPU may read the images asynchronously
};

}  // namespace sleight

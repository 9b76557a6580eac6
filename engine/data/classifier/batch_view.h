// One batch of prepared images, in a slot of the loader or in a file.
#pragma once

#include <cstdint>
#include <span>

namespace sleight {

// N = size, H = height, W = width.
struct BatchView {
  std::int64_t size = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::span<const std::uint8_t> images;    // [N, H, W, 3] red, green, blue; not flipped or blended yet
  std::span<const std::int32_t> labels;    // [N]
  std::span<const std::int32_t> flips;     // [N] 1: mirror this image left to right
  std::span<const std::int32_t> partners;  // [N] position in this batch
  std::span<const float> lambdas;          // [N] weight of the image itself, 1 - lambda of its partner
  bool images_pinned = false;              // a GPU may read the images asynchronously
  // For images that live on the device, instead of `images`: their indices, and where the batch's window begins in
  // each.
  std::span<const std::int32_t> indices = {};  // [N]
  std::span<const std::int32_t> windows = {};  // [N, 2] row, column; negative in the zero padding
};

}  // namespace sleight

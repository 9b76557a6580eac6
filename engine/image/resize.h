// Antialiased bilinear resizing of a part of an image.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/image/image.h"
#include "engine/image/resize_filter.h"

namespace sleight {

// One per thread; keeps its tables and its row from image to image.
class Resizer {
 public:
  // Resizes the part `box` of source to destination.height x destination.width. The filter is a normalized triangle
  // whose half width is one output pixel (at least one source pixel). It uses the pixels that the box touches and none
  // outside, as if the part were cut out first (like Pillow's and torchvision's "crop, then resize with antialias").
  // Sums are float32, rounded to nearest. A box of whole pixels and of the destination's size is copied. Throws Error
  // if the box is not inside the source, up to rounding.
  void resize(ImageView source, const CropBox& box, MutableImageView destination);

 private:
  ResizeTaps vertical_;
  ResizeTaps horizontal_;
  std::vector<float> row_;
};

}  // namespace sleight

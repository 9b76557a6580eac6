// Antialiased bilinear resizing of a part of a picture.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/data/picture.h"

namespace sleight {

// One per thread; keeps its tables and its row from picture to picture.
class Resizer {
 public:
  // The part `box` of source to destination.height x destination.width. The filter is a triangle whose half width is
  // one output pixel (at least one source pixel), normalised; it sees the pixels the box touches and none outside, as
  // if the part were cut out first (the same as Pillow's and torchvision's "crop, then resize with antialias"). Sums in
  // float32; rounded to nearest. A box of whole pixels and of the destination's size is copied. The box must lie inside
  // the source, up to rounding; throws Error otherwise.
  void resize(PictureView source, const CropBox& box, MutablePictureView destination);

 private:
  // For each output position: its first source position and its weights, stored one after the other.
  struct Filter {
    std::vector<std::int64_t> first;
    std::vector<std::int64_t> weight_offset;  // one more than positions
    std::vector<float> weights;

    void prepare(double begin, double extent, std::int64_t source_size, std::int64_t output_size);
  };

  Filter vertical_;
  Filter horizontal_;
  std::vector<float> row_;
};

}  // namespace sleight

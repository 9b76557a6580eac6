// Weights of the pixels along one axis of a resized image.
#pragma once

#include <cstdint>
#include <vector>

namespace sleight {

// All but `nearest` are antialiased: where the image shrinks, the filter becomes wider by the same factor (Pillow's and
// torchvision's "antialias"; OpenCV, which GluonCV uses, does that for its INTER_AREA alone).
enum class ResizeFilter : std::uint8_t {
  nearest,   // the pixel at the output pixel's center
  bilinear,  // a triangle
  bicubic,   // Keys 1981 with a = -1/2, as in Pillow (OpenCV has -3/4)
  area,      // the mean of the area that the output pixel covers, fractions of pixels included
  lanczos,   // three lobes, as in Pillow (OpenCV has four)
};
inline constexpr int resize_filter_count = 5;

const char* name_of(ResizeFilter filter);

// For each output position along one axis: its first source position and its weights, concatenated.
struct ResizeTaps {
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> weight_offset;  // one more than positions
  std::vector<float> weights;
  std::vector<float> coverage;  // sum of the position's weights: less than 1 where the part reaches beyond the source

  std::int64_t count(std::size_t position) const { return weight_offset[position + 1] - weight_offset[position]; }

  // The part [begin, begin + extent) of an axis with source_size pixels, resized to output_size positions. Weights are
  // normalized over the pixels that the part touches, as if it were cut out first; then weights outside the source are
  // dropped. Keeps its memory.
  void prepare(ResizeFilter filter, double begin, double extent, std::int64_t source_size, std::int64_t output_size);
};

}  // namespace sleight

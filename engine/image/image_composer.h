// One resampling of everything: expansion, crop, resize, mixup and color of one sample in a single pass over the
// pixels that are used.
//
// Each of these steps is linear in the pixels, so they need no images in between: an output pixel is
//
//   M * sum_k weight_k S_k + coverage * offset + (1 - coverage) * fill
//
// with S_k the filtered pixels of layer k, which are zero outside that layer; M and offset the change of colors; and
// coverage the filter's share inside the canvas, the smallest rectangle around all layers. So the ground beside a
// smaller layer is black before the colors change (detection mixup pastes on zeros), and the ground outside the canvas
// is the fill, whose color does not change (expansion comes after the colors). Rounded and clamped to bytes once, at
// the end; a program that makes each image in between rounds and clamps each.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/image/color_matrix.h"
#include "engine/image/image.h"
#include "engine/image/resize_filter.h"

namespace sleight {

struct ImageLayer {
  ImageView pixels;  // may be empty: nothing of this image is seen
  CropBox box;       // what fills the output, in these pixels; may reach beyond them
  float weight = 1.0F;
};

// One per thread; keeps its tables and rows from image to image.
class ImageComposer {
 public:
  static constexpr std::size_t maximum_layers = 2;

  // 1 or 2 layers whose upper left corners lie on each other. The tables are made from each layer's own box, since a
  // layer may have been decoded at a reduced size. Throws Error for an empty destination or box and for other numbers
  // of layers.
  void compose(std::span<const ImageLayer> layers, ResizeFilter filter, const ColorMap& colors,
               const std::array<double, 3>& fill, MutableImageView destination);

 private:
  // Output positions along one axis that see anything of a layer.
  struct Range {
    std::int64_t begin = 0, end = 0;
  };
  struct Axes {
    ResizeTaps vertical, horizontal;
    Range columns;
    std::int64_t first_source_column = 0, source_columns = 0;
  };

  void prepare(const ImageLayer& layer, ResizeFilter filter, MutableImageView destination, Axes& axes);
  // Adds a layer's filtered pixels of output row y to sums_.
  void add_row(const ImageLayer& layer, const Axes& axes, std::int64_t y);

  Axes axes_[maximum_layers];
  std::vector<float> row_;   // source columns of one output row
  std::vector<float> sums_;  // [width, 4] of one output row; the fourth value is not used
};

}  // namespace sleight

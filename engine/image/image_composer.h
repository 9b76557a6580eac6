// One resampling for everything: expansion, crop, resize, mixup and color of one sample in a single pass over the
// pixels that it needs.
//
// Each of these steps is linear in the pixels, so no images in between are needed. An output pixel is
//
//   M * sum_k weight_k S_k + coverage * offset + (1 - coverage) * fill
//
// S_k: the filtered pixels of layer k, zero outside that layer. M and offset: the color change. coverage: the filter's
// share inside the canvas, the smallest rectangle around all layers. The canvas next to a smaller layer is black before
// the colors change (detection mixup pastes on zeros). Outside the canvas is the fill, whose color does not change
// (expansion comes after the colors). The result is rounded and clamped to bytes once, at the end; a program that makes
// each image in between rounds and clamps each.
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
  ImageView pixels;  // may be empty: no part of this image is visible
  CropBox box;       // the box that fills the output, in these pixels; may reach beyond them
  float weight = 1.0F;
};

// One per thread; keeps its tables and rows from image to image.
class ImageComposer {
 public:
  static constexpr std::size_t maximum_layers = 2;

  // Takes 1 or 2 layers with the same upper left corner. Each layer has its own box, because a layer may have been
  // decoded at a reduced size. Throws Error for an empty destination or box and for other numbers of layers.
  void compose(std::span<const ImageLayer> layers, ResizeFilter filter, const ColorMap& colors,
               const std::array<double, 3>& fill, MutableImageView destination);

 private:
  // The output positions along one axis at which a layer is visible.
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

#include "engine/image/image_composer.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "engine/base/error.h"
#include "engine/image/accumulate_row.h"

namespace sleight {

namespace {

std::uint8_t to_byte(float value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F) + 0.5F);
}

// How much of an axis lies inside the source, in output positions.
double covered(const ResizeTaps& taps) {
  return std::accumulate(taps.coverage.begin(), taps.coverage.end(), 0.0);
}

}  // namespace

void ImageComposer::prepare(const ImageLayer& layer, ResizeFilter filter, MutableImageView destination, Axes& axes) {
  const CropBox& box = layer.box;
  check(box.width > 0.0 && box.height > 0.0, "cannot make an image from a part of ", box.width, " x ", box.height,
        " pixels");
  axes.vertical.prepare(filter, box.top, box.height, layer.pixels.height, destination.height);
  axes.horizontal.prepare(filter, box.left, box.width, layer.pixels.width, destination.width);
  const ResizeTaps& taps = axes.horizontal;
  std::int64_t begin = 0;
  std::int64_t end = destination.width;
  while (begin < end && taps.count(static_cast<std::size_t>(begin)) == 0)
    ++begin;
  while (end > begin && taps.count(static_cast<std::size_t>(end - 1)) == 0)
    --end;
  axes.columns = {begin, end};
  axes.first_source_column = axes.source_columns = 0;
  if (begin == end) return;
  const std::size_t last = static_cast<std::size_t>(end - 1);
  axes.first_source_column = taps.first[begin];
  axes.source_columns = taps.first[last] + taps.count(last) - axes.first_source_column;
}

void ImageComposer::add_row(const ImageLayer& layer, const Axes& axes, std::int64_t y) {
  const std::size_t index = static_cast<std::size_t>(y);
  const std::int64_t rows = axes.vertical.count(index);
  if (rows == 0 || axes.columns.begin == axes.columns.end) return;
  const float* row_weights = axes.vertical.weights.data() + axes.vertical.weight_offset[index];
  const std::int64_t values = axes.source_columns * 3;
  // One extra value: the loop reads four channels at a time and drops the fourth.
  if (row_.size() < static_cast<std::size_t>(values) + 1) row_.resize(static_cast<std::size_t>(values) + 1);
  row_[values] = 0.0F;
  for (std::int64_t i = 0; i < rows; ++i)
    accumulate_row(row_.data(), layer.pixels.row(axes.vertical.first[index] + i) + axes.first_source_column * 3, values,
                   row_weights[i] * layer.weight, i == 0);

  const ResizeTaps& taps = axes.horizontal;
  float* output = sums_.data() + axes.columns.begin * 4;
  for (std::size_t x = static_cast<std::size_t>(axes.columns.begin); x < static_cast<std::size_t>(axes.columns.end);
       ++x, output += 4) {
    const float* input = row_.data() + (taps.first[x] - axes.first_source_column) * 3;
    const float* weight = taps.weights.data() + taps.weight_offset[x];
    const float* const end = taps.weights.data() + taps.weight_offset[x + 1];
    float sums[4] = {output[0], output[1], output[2], output[3]};
    for (; weight != end; ++weight, input += 3)
      for (int channel = 0; channel < 4; ++channel)
        sums[channel] += *weight * input[channel];
    for (int channel = 0; channel < 4; ++channel)
      output[channel] = sums[channel];
  }
}

void ImageComposer::compose(std::span<const ImageLayer> layers, ResizeFilter filter, const ColorMap& colors,
                            const std::array<double, 3>& fill, MutableImageView destination) {
  check(!layers.empty() && layers.size() <= maximum_layers, "an image is composed of 1 or 2 layers, not ",
        layers.size());
  check(destination.height > 0 && destination.width > 0, "cannot make an image of ", destination.width, " x ",
        destination.height, " pixels");
  const std::size_t width = static_cast<std::size_t>(destination.width);
  sums_.resize(width * 4);
  Range seen{destination.width, 0};
  for (std::size_t k = 0; k < layers.size(); ++k) {
    prepare(layers[k], filter, destination, axes_[k]);
    const Range& columns = axes_[k].columns;
    if (columns.begin < columns.end) seen = {std::min(seen.begin, columns.begin), std::max(seen.end, columns.end)};
  }
  // The canvas is as wide as the wider layer and as high as the higher one.
  const ResizeTaps* canvas_columns = &axes_[0].horizontal;
  const ResizeTaps* canvas_rows = &axes_[0].vertical;
  if (layers.size() == 2) {
    if (covered(axes_[1].horizontal) > covered(*canvas_columns)) canvas_columns = &axes_[1].horizontal;
    if (covered(axes_[1].vertical) > covered(*canvas_rows)) canvas_rows = &axes_[1].vertical;
  }

  // Column-wise, so that three vectors multiply one pixel's three sums.
  float columns[3][4] = {};
  float fill_value[4] = {};
  float offset[4] = {};
  std::uint8_t fill_byte[3];
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j)
      columns[j][i] = static_cast<float>(colors.matrix[i][j]);
    fill_value[i] = static_cast<float>(fill[i]);
    offset[i] = static_cast<float>(colors.offset[i] - fill[i]);
    fill_byte[i] = to_byte(fill_value[i]);
  }

  for (std::int64_t y = 0; y < destination.height; ++y) {
    std::uint8_t* bytes = destination.row(y);
    const auto fill_columns = [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t x = begin; x < end; ++x)
        for (int channel = 0; channel < 3; ++channel)
          bytes[x * 3 + channel] = fill_byte[channel];
    };
    const std::size_t row = static_cast<std::size_t>(y);
    const float row_coverage = canvas_rows->coverage[row];
    if (canvas_rows->count(row) == 0 || seen.begin >= seen.end) {
      fill_columns(0, destination.width);
      continue;
    }
    std::fill(sums_.begin() + seen.begin * 4, sums_.begin() + seen.end * 4, 0.0F);
    for (std::size_t k = 0; k < layers.size(); ++k)
      add_row(layers[k], axes_[k], y);
    fill_columns(0, seen.begin);
    fill_columns(seen.end, destination.width);
    const float* sums = sums_.data() + seen.begin * 4;
    for (std::int64_t x = seen.begin; x < seen.end; ++x, sums += 4) {
      const float coverage = row_coverage * canvas_columns->coverage[x];
      float values[4];
      for (int channel = 0; channel < 4; ++channel) {
        const float value = columns[0][channel] * sums[0] + columns[1][channel] * sums[1] +
                            columns[2][channel] * sums[2] + coverage * offset[channel] + fill_value[channel];
        values[channel] = std::clamp(value, 0.0F, 255.0F) + 0.5F;
      }
      for (int channel = 0; channel < 3; ++channel)
        bytes[x * 3 + channel] = static_cast<std::uint8_t>(values[channel]);
    }
  }
}

}  // namespace sleight

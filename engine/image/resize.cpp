#include "engine/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "engine/image/accumulate_row.h"

namespace sleight {

namespace {

bool is_whole(double value) {
  return std::abs(value - std::round(value)) < 1e-6;
}

}  // namespace

void Resizer::resize(ImageView source, const CropBox& box, MutableImageView destination) {
  check(destination.height > 0 && destination.width > 0 && box.width > 0.0 && box.height > 0.0 && box.left > -1e-6 &&
            box.top > -1e-6 && box.left + box.width < static_cast<double>(source.width) + 1e-6 &&
            box.top + box.height < static_cast<double>(source.height) + 1e-6,
        "cannot resize the part ", box.width, " x ", box.height, " at (", box.left, ", ", box.top, ") of an image of ",
        source.width, " x ", source.height, " pixels to ", destination.width, " x ", destination.height);

  if (is_whole(box.left) && is_whole(box.top) && std::abs(box.width - static_cast<double>(destination.width)) < 1e-6 &&
      std::abs(box.height - static_cast<double>(destination.height)) < 1e-6) {
    const std::int64_t left = std::llround(box.left);
    const std::int64_t top = std::llround(box.top);
    for (std::int64_t y = 0; y < destination.height; ++y)
      std::memcpy(destination.row(y), source.row(top + y) + left * 3, static_cast<std::size_t>(destination.width) * 3);
    return;
  }

  vertical_.prepare(ResizeFilter::bilinear, box.top, box.height, source.height, destination.height);
  horizontal_.prepare(ResizeFilter::bilinear, box.left, box.width, source.width, destination.width);
  const std::int64_t first_column = horizontal_.first.front();
  const std::int64_t last_column = horizontal_.first.back() + horizontal_.weight_offset.back() -
                                   horizontal_.weight_offset[static_cast<std::size_t>(destination.width) - 1];
  const std::int64_t row_values = (last_column - first_column) * 3;
  // One extra value: the horizontal pass reads four channels at a time and drops the fourth.
  row_.resize(static_cast<std::size_t>(row_values) + 1);
  row_.back() = 0.0F;

  // Row by row: sums the source rows of one output row into one float row that stays in the cache, and narrows that row
  // at once.
  for (std::int64_t y = 0; y < destination.height; ++y) {
    const std::size_t index = static_cast<std::size_t>(y);
    const std::int64_t taps = vertical_.weight_offset[index + 1] - vertical_.weight_offset[index];
    for (std::int64_t tap = 0; tap < taps; ++tap)
      accumulate_row(row_.data(), source.row(vertical_.first[index] + tap) + first_column * 3, row_values,
                     vertical_.weights[vertical_.weight_offset[index] + tap], tap == 0);

    std::uint8_t* output = destination.row(y);
    for (std::size_t x = 0; x < static_cast<std::size_t>(destination.width); ++x, output += 3) {
      const float* input = row_.data() + (horizontal_.first[x] - first_column) * 3;
      const float* weight = horizontal_.weights.data() + horizontal_.weight_offset[x];
      const float* const end = horizontal_.weights.data() + horizontal_.weight_offset[x + 1];
      float sums[4] = {0.5F, 0.5F, 0.5F, 0.5F};
      for (; weight != end; ++weight, input += 3)
        for (int channel = 0; channel < 4; ++channel)
          sums[channel] += *weight * input[channel];
      for (int channel = 0; channel < 3; ++channel)
        output[channel] = static_cast<std::uint8_t>(sums[channel]);
    }
  }
}

}  // namespace sleight

// The three directions of a convolution as loops over float32 in one order of memory: images (n, h, w, c), weights
// (output channel, h, w, input channel). Written apart from the program's own convolutions, and fast enough for small
// trainings.
#pragma once

#include <cstdint>
#include <vector>

namespace sleight::fake {

struct ConvolutionSizes {
  std::int64_t batch = 0;
  std::int64_t height = 0, width = 0, channels = 0;  // of the input
  std::int64_t output_height = 0, output_width = 0, output_channels = 0;
  std::int64_t kernel_height = 0, kernel_width = 0;
  std::int64_t stride_y = 1, stride_x = 1;
  std::int64_t padding_y = 0, padding_x = 0;
};

using Floats = std::vector<float>;

Floats convolve(const ConvolutionSizes&, const Floats& x, const Floats& w);
Floats convolve_backward_data(const ConvolutionSizes&, const Floats& dy, const Floats& w);
// With `reversed` the images of the batch are added up from the last to the first.
Floats convolve_backward_weights(const ConvolutionSizes&, const Floats& x, const Floats& dy, bool reversed);

}  // namespace sleight::fake

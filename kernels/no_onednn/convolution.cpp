// Convolution on the cpu in a build without oneDNN: plain loops, images channels last.
#include "kernels/convolution.h"

#include "kernels/no_onednn/slow_warning.h"

namespace sleight::kernels {

std::int64_t preferred_lanes(Cpu, std::int64_t channels) {
  return channels;
}

WeightLayout preferred_weight_layout(Cpu, std::int64_t input_channels, std::int64_t) {
  return layout_ohwi(input_channels);
}

bool offers_convolution(Cpu, DataType) {
  return false;
}

std::unique_ptr<ConvolutionForward> make_convolution_forward(Cpu, const ConvolutionShape& shape) {
  warn_of_plain_loops();
  return make_plain_convolution_forward(shape);
}

std::unique_ptr<ConvolutionBackwardData> make_convolution_backward_data(Cpu, const ConvolutionShape& shape) {
  warn_of_plain_loops();
  return make_plain_convolution_backward_data(shape);
}

std::unique_ptr<ConvolutionBackwardWeights> make_convolution_backward_weights(Cpu, const ConvolutionShape& shape) {
  warn_of_plain_loops();
  return make_plain_convolution_backward_weights(shape);
}

}  // namespace sleight::kernels

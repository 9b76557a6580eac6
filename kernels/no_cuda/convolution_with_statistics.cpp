// What make_convolution_with_statistics and its companion say in a build that cannot run on a GPU.
#include "kernels/convolution_with_statistics.h"

#include <stdexcept>

namespace sleight::kernels {
namespace {

[[noreturn]] void refuse(const ConvolutionShape& shape) {
  throw std::runtime_error("convolution with statistics " + to_string(shape) +
                           " on cuda: this build has no cuDNN; run on the cpu or simt device");
}

}  // namespace

bool offers_convolution_with_statistics(Cuda, const ConvolutionWithStatisticsShape&) {
  return false;
}

std::unique_ptr<ConvolutionWithStatistics> make_convolution_with_statistics(
    Cuda, const ConvolutionWithStatisticsShape& shape) {
  refuse(shape.convolution);
}

std::unique_ptr<ConvolutionNormalizedBackwardWeights> make_convolution_normalized_backward_weights(
    Cuda, const ConvolutionShape& shape) {
  refuse(shape);
}

}  // namespace sleight::kernels

// What make_convolution_statistics and its companion say in a build that cannot run on a GPU.
#include "kernels/convolution_statistics.h"

#include <stdexcept>

namespace sleight::kernels {
namespace {

[[noreturn]] void refuse(const ConvolutionShape& shape) {
  throw std::runtime_error("convolution with statistics " + to_string(shape) +
                           " on cuda: this build has no cuDNN; run on the cpu or simt device");
}

}  // namespace

bool offers_convolution_statistics(Cuda, const ConvolutionStatisticsShape&) {
  return false;
}

std::unique_ptr<ConvolutionStatistics> make_convolution_statistics(Cuda, const ConvolutionStatisticsShape& shape) {
  refuse(shape.convolution);
}

std::unique_ptr<ConvolutionNormalisedBackwardWeights> make_convolution_normalised_backward_weights(
    Cuda, const ConvolutionShape& shape) {
  refuse(shape);
}

}  // namespace sleight::kernels

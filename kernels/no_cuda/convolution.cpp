// What make_convolution_... says in a build that cannot run on a GPU.
#include "kernels/convolution.h"

#include <stdexcept>

namespace sleight::kernels {
namespace {

[[noreturn]] void refuse(const ConvolutionShape& shape) {
  throw std::runtime_error("convolution " + to_string(shape) +
                           " on cuda: this build has no cuDNN; run on the cpu or simt device");
}

}  // namespace

std::unique_ptr<ConvolutionForward> make_convolution_forward(Cuda, const ConvolutionShape& shape) {
  refuse(shape);
}

std::unique_ptr<ConvolutionBackwardData> make_convolution_backward_data(Cuda, const ConvolutionShape& shape) {
  refuse(shape);
}

std::unique_ptr<ConvolutionBackwardWeights> make_convolution_backward_weights(Cuda, const ConvolutionShape& shape) {
  refuse(shape);
}

}  // namespace sleight::kernels

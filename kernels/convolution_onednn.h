// Convolution through oneDNN: float32, any layout that kernels/onednn.h describes. Fastest where both sides are blocked
// and the weights lie as preferred_weight_layout says; other combinations are converted in the workspace at each run.
#pragma once

#include "kernels/convolution.h"

namespace sleight::kernels {

std::unique_ptr<ConvolutionForward> make_onednn_convolution_forward(const ConvolutionShape&);
std::unique_ptr<ConvolutionBackwardData> make_onednn_convolution_backward_data(const ConvolutionShape&);
std::unique_ptr<ConvolutionBackwardWeights> make_onednn_convolution_backward_weights(const ConvolutionShape&);

}  // namespace sleight::kernels

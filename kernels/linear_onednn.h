// The fully connected layer through oneDNN's matrix product: float32.
#pragma once

#include "kernels/linear.h"

namespace sleight::kernels {

std::unique_ptr<LinearForward> make_onednn_linear_forward(const LinearShape&);
std::unique_ptr<LinearBackwardData> make_onednn_linear_backward_data(const LinearShape&);
std::unique_ptr<LinearBackwardWeights> make_onednn_linear_backward_weights(const LinearShape&);

}  // namespace sleight::kernels

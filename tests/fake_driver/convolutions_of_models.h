// The convolutions that a model's training asks of cuDNN.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/convolution.h"

namespace sleight::tests {

enum class ConvolutionGraph : std::uint8_t {
  forward,
  backward_data,
  backward_weights,
  // In one kernel where cuDNN has one, else apart.
  forward_with_statistics,
  normalized_forward_with_statistics,
  normalized_backward_weights
};

struct AskedConvolution {
  ConvolutionGraph graph;
  kernels::ConvolutionShape shape;
};

// Those of the training step as it is traced, and with everything fused that a device may fuse. Each once. The batch
// is that of a GPU: 128 images of CIFAR's size, 256 of ImageNet's, 64 of a detector.
std::vector<AskedConvolution> convolutions_of(const std::vector<std::string>& models, DataType type);

// "forward 256 x 56 x 56 x 64 ...": for messages, and to tell one from another.
std::string to_string(const AskedConvolution& convolution);
const char* name_of(ConvolutionGraph graph);

}  // namespace sleight::tests

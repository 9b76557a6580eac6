// A convolution as a graph of cuDNN.
#pragma once

#include "kernels/convolution.h"
#include "kernels/cuda/prepared_graph.h"

namespace sleight::kernels {

// Operands in the order of ConvolutionForward::run: input, weights, [bias,] output; and so on. Throw
// std::invalid_argument for a layout other than channels last (weights: output channel, height, width, input channel)
// and for a type that no GPU kernel stores. The graphs are not finished: that needs a target.
DescribedGraph describe_forward(const ConvolutionShape&);
DescribedGraph describe_backward_data(const ConvolutionShape&);
DescribedGraph describe_backward_weights(const ConvolutionShape&);

// Everything in the shape that the choice of an engine depends on.
void add_shape(TuningKey&, const ConvolutionShape&);

}  // namespace sleight::kernels

// A convolution as a graph of cuDNN.
#pragma once

#include <stdexcept>
#include <string>

#include "kernels/convolution.h"
#include "kernels/cuda/prepared_graph.h"

namespace sleight::kernels {

// Operands in the order of ConvolutionForward::run: input, weights, [bias,] output; and so on. Throw
// std::invalid_argument for a layout other than channels last (weights: output channel, height, width, input channel)
// and for a type that no GPU kernel stores. The graphs are not finished: that needs a target.
DescribedGraph describe_forward(const ConvolutionShape&);
DescribedGraph describe_backward_data(const ConvolutionShape&);
DescribedGraph describe_backward_weights(const ConvolutionShape&);

// Forward (without bias), and in the same kernel sum and sum of squares of every output channel over all pixels, in
// float32: what batch norm needs to know of the output, without reading it again.
// Operands: input, weights, output, sums [C], sums of squares [C].
DescribedGraph describe_forward_with_statistics(const ConvolutionShape&);

// The same on relu(input * scale(c) + shift(c)), computed while the input is read: the previous layer's batch norm and
// activation, whose result then is never written. scale and shift [input channels] have the type of the activations.
// Operands: input, scale, shift, weights, output, sums, sums of squares.
DescribedGraph describe_normalized_forward_with_statistics(const ConvolutionShape&);

// Backward weights on the same relu(input * scale(c) + shift(c)), which thus is needed in memory by neither direction.
// Operands: input, scale, shift, output_gradient, weight_gradient.
DescribedGraph describe_normalized_backward_weights(const ConvolutionShape&);

// Everything in the shape that the choice of an engine depends on.
void add_shape(TuningKey&, const ConvolutionShape&);

// The key, engine and plan of a direction's graph; what cuDNN may do to the numbers follows from the libraries'
// options.
cudnn::Demands demands_on(const CudaLibraries&, const ConvolutionShape&);
PreparedGraph prepare_convolution(const char* direction, const Cuda&, const ConvolutionShape&,
                                  DescribedGraph (*describe)(const ConvolutionShape&));

// What function() gives, with the shape in front of every error.
template <class Function>
auto naming(const char* direction, const ConvolutionShape& shape, Function&& function) {
  try {
    return function();
  } catch (const std::runtime_error& error) {
    throw std::runtime_error("convolution " + std::string(direction) + " " + to_string(shape) +
                             " on cuda: " + error.what());
  }
}

}  // namespace sleight::kernels

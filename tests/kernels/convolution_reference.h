// Convolution once more, for the tests alone: one loop over every product of the definition, in double, in the order of
// the formulas (NCHW and OIHW), and the conversions from and to the layouts under test.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/convolution.h"

namespace sleight::tests {

struct ConvolutionValues {
  std::vector<double> input, weights, bias, output;
};

struct ConvolutionReference {
  ConvolutionValues values;     // output: of forward, bias included
  ConvolutionValues gradients;  // of the sum over output * gradients.output
  ConvolutionValues sizes;      // the same sums over absolute values: what a rounding error is relative to
};

// Pseudorandom numbers in [-1, 1), each exact in bfloat16.
std::vector<double> coarse_numbers(std::int64_t count, std::uint32_t seed);

ConvolutionReference compute_reference(const kernels::ConvolutionShape& shape);

// The place of element (n, c, y, x), as kernels/lib/activation_view.h defines it.
std::int64_t place(const kernels::ActivationView& view, std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x);

// For each element of a tensor in the order of the formulas, its place in the layout under test.
std::vector<std::int64_t> places(const kernels::ActivationView& view);
std::vector<std::int64_t> places(const kernels::WeightView& view);

}  // namespace sleight::tests

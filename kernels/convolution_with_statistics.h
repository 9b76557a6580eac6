// A convolution between two batch norms: it applies the one before it while it reads its input, and computes the sums
// for the one after it while it writes its output. Inside a residual block, the tensor between a batch norm with its
// ReLU and the next convolution then never goes through memory.
//
//   z       = input, or with normalizes_input  max(0, (input - mean[c]) * (gamma[c] * inverse_deviation[c]) + beta[c]),
//             that is batch_norm_apply with a ReLU (kernels/batch_norm_apply.h)
//   output  = convolution forward of z (kernels/convolution.h), without bias
//   mean, inverse_deviation, unbiased_variance = batch_norm_statistics of the output (kernels/batch_norm_statistics.h)
//
//   weight_gradient = convolution backward weights of z and the output's gradient: the other reader of z. Both take it
//                     from the input or neither: with one alone z would still have to be written.
//
// The padding of a convolution is zero in z, not in the input.
//
// Types: as the convolution; statistics and the parameters of the batch norm: float32, or float64 with float64.
// Aliasing: none. Writes: `=`. Prepared objects, threads and workspace: as kernels/convolution.h.
// cpu, simt: those kernels one after the other, z in the workspace, the same bits as apart; this is the definition.
// cuda: one kernel of cuDNN where it has one, else as on the cpu. In that one kernel
//   - scale and shift of the batch norm before are folded and rounded to the type of the activations
//     (kernels/batch_norm_fold.h), and z is rounded to it too, as it would be in memory. The backward pass of that
//     batch norm finds the sign before the ReLU in float32: so close to zero the two may be on different sides of its
//     corner;
//   - the sums are taken in float32, of the convolution's sums before or after they are rounded to the output's
//     type, and without shift: where |mean| is m times the deviation, the variance keeps about 24 - 2 log2(m) bits.
// Source: NVIDIA, "cuDNN Frontend: Graph API", the fusions ConvBNFprop and ConvBNWgrad.
#pragma once

#include <memory>

#include "kernels/convolution.h"

namespace sleight::kernels {

struct ConvolutionWithStatisticsShape {
  ConvolutionShape convolution;
  bool normalizes_input = false;
  float epsilon = 1e-5F;  // of the statistics of the output
};

// The batch norm before the convolution: [input channels] each; not read without normalizes_input.
struct InputNormalization {
  const void* mean = nullptr;
  const void* inverse_deviation = nullptr;
  const void* gamma = nullptr;
  const void* beta = nullptr;
};

struct ConvolutionWithStatisticsBuffers {
  const void* input = nullptr;
  const void* weights = nullptr;
  InputNormalization normalization;
  void* output = nullptr;
  void* mean = nullptr;  // these three: [output channels]
  void* inverse_deviation = nullptr;
  void* unbiased_variance = nullptr;
  void* workspace = nullptr;
};

class ConvolutionWithStatistics {
 public:
  virtual ~ConvolutionWithStatistics() = default;
  virtual std::int64_t workspace_bytes() const = 0;
  virtual bool is_deterministic() const = 0;
  virtual void run(const ConvolutionWithStatisticsBuffers&) = 0;
};

class ConvolutionNormalizedBackwardWeights {
 public:
  virtual ~ConvolutionNormalizedBackwardWeights() = default;
  virtual std::int64_t workspace_bytes() const = 0;
  virtual bool is_deterministic() const = 0;
  virtual void run(const void* input, const InputNormalization&, const void* output_gradient, void* weight_gradient,
                   void* workspace) = 0;
};

// Throws std::invalid_argument for a convolution with a bias, and where kernels/convolution.h does.
void check(const ConvolutionWithStatisticsShape&);

// Whether the device gains by it: it has one kernel for all of this (with normalizes_input: for both directions), and
// that was not measured to be slower than the kernels apart. cpu and simt: no. cuda: where cuDNN has such a kernel,
// both ways are measured once, on scratch memory, and the answer is kept in the tuning cache.
bool offers_convolution_with_statistics(Cpu, const ConvolutionWithStatisticsShape&);
bool offers_convolution_with_statistics(Simt, const ConvolutionWithStatisticsShape&);
bool offers_convolution_with_statistics(Cuda, const ConvolutionWithStatisticsShape&);

// For every shape, offered or not.
std::unique_ptr<ConvolutionWithStatistics> make_convolution_with_statistics(Cpu, const ConvolutionWithStatisticsShape&);
std::unique_ptr<ConvolutionWithStatistics> make_convolution_with_statistics(Simt,
                                                                            const ConvolutionWithStatisticsShape&);
std::unique_ptr<ConvolutionWithStatistics> make_convolution_with_statistics(Cuda,
                                                                            const ConvolutionWithStatisticsShape&);

std::unique_ptr<ConvolutionNormalizedBackwardWeights> make_convolution_normalized_backward_weights(
    Cpu, const ConvolutionShape&);
std::unique_ptr<ConvolutionNormalizedBackwardWeights> make_convolution_normalized_backward_weights(
    Simt, const ConvolutionShape&);
std::unique_ptr<ConvolutionNormalizedBackwardWeights> make_convolution_normalized_backward_weights(
    Cuda, const ConvolutionShape&);

}  // namespace sleight::kernels

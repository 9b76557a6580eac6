// Convolution (cross-correlation, as every network means it), without dilation and groups:
//
//   forward           output(n, o, y, x)      = bias(o) + sum over i, h, w of
//                                               input(n, i, y * stride + h - padding, x * stride + w - padding)
//                                               * weights(o, i, h, w)
//   backward data     input_gradient          = the transpose of forward applied to output_gradient
//   backward weights  weight_gradient(o, i, h, w) = sum over n, y, x of
//                                               output_gradient(n, o, y, x)
//                                               * input(n, i, y * stride + h - padding, x * stride + w - padding)
//
// where the input is zero outside the image. All three write (=), never add; no argument may overlap another.
// The gradient of the bias is the sum of the output gradient over rows: kernels/bias.h.
//
// Types: float32, bfloat16 and float16 (sums in float32), float64; bias and weights have the type of the activations.
// Prepared objects: everything that depends on the shape alone happens once, in make_...; run allocates nothing.
// Determinism: for a given shape and number of threads the same input gives the same bits. cuda: only when the
// libraries were made `deterministic`; otherwise the fastest algorithm of the backward directions may add in any order.
// Devices: cpu and simt: oneDNN for float32, and for bfloat16 in blocks of 16 channels; plain loops for all else, and
// for everything in a build without oneDNN. cuda: cuDNN, for float32, bfloat16 and float16, channels last; the queue
// carries `libraries` (kernels/lib/cuda_libraries.h), and the workspace is aligned to 256. Which of cuDNN's algorithms
// is fastest is measured by make_... on scratch memory of the GPU, unless the tuning cache knows it. Accuracy: for 3x3
// kernels of stride 1 oneDNN may use Winograd's algorithm (Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks", CVPR 2016) in float32.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kernels/lib/activation_view.h"
#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"
#include "kernels/lib/weight_view.h"

namespace sleight::kernels {

struct ConvolutionShape {
  ActivationView input;
  ActivationView output;
  std::int64_t kernel_height = 1;
  std::int64_t kernel_width = 1;
  std::int64_t stride = 1;   // pixels, both directions
  std::int64_t padding = 0;  // pixels of zeros on each of the four sides
  WeightLayout weight_layout;
  bool has_bias = false;
  DataType type = DataType::float32;

  constexpr WeightView weights() const {
    return {output.channels(), input.channels(), kernel_height, kernel_width, weight_layout};
  }
  // Multiplications plus additions of one direction; all three directions do the same.
  constexpr double operations() const {
    return 2.0 * static_cast<double>(output.size()) *
           static_cast<double>(input.channels() * kernel_height * kernel_width);
  }
};

// Pixels of the output along a side: (input + 2 padding - kernel) / stride + 1, rounded down.
constexpr std::int64_t convolution_output_side(std::int64_t input, std::int64_t kernel, std::int64_t stride,
                                               std::int64_t padding) {
  return (input + 2 * padding - kernel) / stride + 1;
}

// The layout that a device wants its activations in: lanes of an ActivationView with `channels` channels. It depends on
// the channels alone (and on the machine), so plans of several image sizes agree.
// cpu: 16 (AVX-512) or 8 (AVX2) when they divide the channels, else channels (NHWC), as always without oneDNN. simt,
// cuda: channels (NHWC).
std::int64_t preferred_lanes(Cpu, std::int64_t channels);
std::int64_t preferred_lanes(Simt, std::int64_t channels);
std::int64_t preferred_lanes(Cuda, std::int64_t channels);

// The layout in which a device wants the weights, their gradient and their momentum to be stored, for activations in
// the layouts that preferred_lanes names. Other layouts work too, but then each run may reorder the weights.
WeightLayout preferred_weight_layout(Cpu, std::int64_t input_channels, std::int64_t output_channels);
WeightLayout preferred_weight_layout(Simt, std::int64_t input_channels, std::int64_t output_channels);
WeightLayout preferred_weight_layout(Cuda, std::int64_t input_channels, std::int64_t output_channels);

// Prepared for one shape, one device and the number of threads at the time of the call to make_... . An object runs
// once at a time. `workspace` has workspace_bytes() bytes (may be 0), is aligned to 64, and holds nothing between two
// runs. is_deterministic(): whether two runs on the same input give the same bits.
class ConvolutionForward {
 public:
  virtual ~ConvolutionForward() = default;
  virtual std::int64_t workspace_bytes() const = 0;
  virtual bool is_deterministic() const { return true; }
  // bias: output_channels values when the shape has_bias, otherwise not read.
  virtual void run(const void* input, const void* weights, const void* bias, void* output, void* workspace) = 0;
};

class ConvolutionBackwardData {
 public:
  virtual ~ConvolutionBackwardData() = default;
  virtual std::int64_t workspace_bytes() const = 0;
  virtual bool is_deterministic() const { return true; }
  virtual void run(const void* output_gradient, const void* weights, void* input_gradient, void* workspace) = 0;
};

class ConvolutionBackwardWeights {
 public:
  virtual ~ConvolutionBackwardWeights() = default;
  virtual std::int64_t workspace_bytes() const = 0;
  virtual bool is_deterministic() const { return true; }
  // weight_gradient is laid out as the weights are.
  virtual void run(const void* input, const void* output_gradient, void* weight_gradient, void* workspace) = 0;
};

// For messages: sizes, kernel, stride, padding and type.
std::string to_string(const ConvolutionShape&);

// Throws std::invalid_argument for a shape that contradicts itself: the output's size, lanes that do not divide the
// channels, a type without arithmetic. Every make_... calls it.
void check(const ConvolutionShape&);

// Whether a library computes convolutions of this type, at least those of a network's usual shapes; what it does not
// compute is plain loops, many times slower.
bool offers_convolution(Cpu, DataType type);
bool offers_convolution(Simt, DataType type);
bool offers_convolution(Cuda, DataType type);

// Throw std::runtime_error when the library refuses the shape, or is not part of this build.
std::unique_ptr<ConvolutionForward> make_convolution_forward(Cpu, const ConvolutionShape&);
std::unique_ptr<ConvolutionForward> make_convolution_forward(Simt, const ConvolutionShape&);
std::unique_ptr<ConvolutionForward> make_convolution_forward(Cuda, const ConvolutionShape&);
std::unique_ptr<ConvolutionBackwardData> make_convolution_backward_data(Cpu, const ConvolutionShape&);
std::unique_ptr<ConvolutionBackwardData> make_convolution_backward_data(Simt, const ConvolutionShape&);
std::unique_ptr<ConvolutionBackwardData> make_convolution_backward_data(Cuda, const ConvolutionShape&);
std::unique_ptr<ConvolutionBackwardWeights> make_convolution_backward_weights(Cpu, const ConvolutionShape&);
std::unique_ptr<ConvolutionBackwardWeights> make_convolution_backward_weights(Simt, const ConvolutionShape&);
std::unique_ptr<ConvolutionBackwardWeights> make_convolution_backward_weights(Cuda, const ConvolutionShape&);

// The definition, as plain loops: any layout on both sides, sums in the accumulator of the type. The reference of the
// tests (in float64), and what runs where no library does. Host memory.
std::unique_ptr<ConvolutionForward> make_plain_convolution_forward(const ConvolutionShape&);
std::unique_ptr<ConvolutionBackwardData> make_plain_convolution_backward_data(const ConvolutionShape&);
std::unique_ptr<ConvolutionBackwardWeights> make_plain_convolution_backward_weights(const ConvolutionShape&);

}  // namespace sleight::kernels

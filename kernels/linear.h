// The fully connected layer on matrices in row order:
//
//   forward           output[rows, output_features]              = input * weights^T + bias
//   backward data     input_gradient[rows, input_features]       = output_gradient * weights
//   backward weights  weight_gradient[output_features, input_features] = output_gradient^T * input
//
// with input[rows, input_features] and weights[output_features, input_features] (the order of checkpoints). All three
// write (=), never add; no argument may overlap another. The gradient of the bias is kernels/bias.h.
//
// Types, preparation, workspace, determinism and devices as in kernels/convolution.h (cuda: cuBLASLt, which is always
// deterministic here: partial sums are kept in float32 in the workspace and added in a fixed order).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct LinearShape {
  std::int64_t rows = 0;  // the batch
  std::int64_t input_features = 0;
  std::int64_t output_features = 0;
  bool has_bias = false;
  DataType type = DataType::float32;
};

class LinearForward {
 public:
  virtual ~LinearForward() = default;
  virtual std::int64_t workspace_bytes() const = 0;
  // bias: output_features values when the shape has_bias, otherwise not read.
  virtual void run(const void* input, const void* weights, const void* bias, void* output, void* workspace) = 0;
};

class LinearBackwardData {
 public:
  virtual ~LinearBackwardData() = default;
  virtual std::int64_t workspace_bytes() const = 0;
  virtual void run(const void* output_gradient, const void* weights, void* input_gradient, void* workspace) = 0;
};

class LinearBackwardWeights {
 public:
  virtual ~LinearBackwardWeights() = default;
  virtual std::int64_t workspace_bytes() const = 0;
  virtual void run(const void* input, const void* output_gradient, void* weight_gradient, void* workspace) = 0;
};

// For messages: sizes and type.
std::string to_string(const LinearShape&);

// Throws std::invalid_argument for a size below 1 or a type without arithmetic. Every make_... calls it.
void check(const LinearShape&);

std::unique_ptr<LinearForward> make_linear_forward(Cpu, const LinearShape&);
std::unique_ptr<LinearForward> make_linear_forward(Simt, const LinearShape&);
std::unique_ptr<LinearForward> make_linear_forward(Cuda, const LinearShape&);
std::unique_ptr<LinearBackwardData> make_linear_backward_data(Cpu, const LinearShape&);
std::unique_ptr<LinearBackwardData> make_linear_backward_data(Simt, const LinearShape&);
std::unique_ptr<LinearBackwardData> make_linear_backward_data(Cuda, const LinearShape&);
std::unique_ptr<LinearBackwardWeights> make_linear_backward_weights(Cpu, const LinearShape&);
std::unique_ptr<LinearBackwardWeights> make_linear_backward_weights(Simt, const LinearShape&);
std::unique_ptr<LinearBackwardWeights> make_linear_backward_weights(Cuda, const LinearShape&);

// The definition, as plain loops: the reference of the tests, and the fallback without a library. Host memory.
std::unique_ptr<LinearForward> make_plain_linear_forward(const LinearShape&);
std::unique_ptr<LinearBackwardData> make_plain_linear_backward_data(const LinearShape&);
std::unique_ptr<LinearBackwardWeights> make_plain_linear_backward_weights(const LinearShape&);

}  // namespace sleight::kernels

// The definition of convolution_with_statistics.h: batch norm, convolution and statistics one after the other, on any
// device.
#pragma once

#include <algorithm>

#include "kernels/batch_norm_apply.h"
#include "kernels/batch_norm_statistics.h"
#include "kernels/convolution_with_statistics.h"

namespace sleight::kernels {

// The beginning of the workspace: z.
constexpr std::int64_t normalized_bytes(const ConvolutionShape& shape) {
  constexpr std::int64_t alignment = 256;
  return (shape.input.size() * size_of(shape.type) + alignment - 1) / alignment * alignment;
}

template <class Device>
void normalize_input(Device device, const ConvolutionShape& shape, const void* input,
                     const InputNormalization& normalization, void* z) {
  batch_norm_apply(device, {.type = shape.type,
                            .view = shape.input,
                            .activation = ActivationFunction::relu,
                            .slope = 0,
                            .x = input,
                            .mean = normalization.mean,
                            .inverse_deviation = normalization.inverse_deviation,
                            .gamma = normalization.gamma,
                            .beta = normalization.beta,
                            .residual = nullptr,
                            .z = z});
}

template <class Device>
class ConvolutionWithStatisticsUnfused : public ConvolutionWithStatistics {
 public:
  ConvolutionWithStatisticsUnfused(Device device, const ConvolutionWithStatisticsShape& shape)
      : device_(device), shape_(shape), convolution_(make_convolution_forward(device, shape.convolution)) {}

  bool is_deterministic() const override { return convolution_->is_deterministic(); }

  std::int64_t workspace_bytes() const override {
    return z_bytes() + std::max(convolution_->workspace_bytes(), batch_norm_workspace_bytes(shape_.convolution.output));
  }

  void run(const ConvolutionWithStatisticsBuffers& buffers) override {
    void* behind_z = static_cast<std::byte*>(buffers.workspace) + z_bytes();
    const void* z = buffers.input;
    if (shape_.normalizes_input) {
      normalize_input(device_, shape_.convolution, buffers.input, buffers.normalization, buffers.workspace);
      z = buffers.workspace;
    }
    convolution_->run(z, buffers.weights, nullptr, buffers.output, behind_z);
    batch_norm_statistics(device_, {.type = shape_.convolution.type,
                                    .view = shape_.convolution.output,
                                    .epsilon = shape_.epsilon,
                                    .x = buffers.output,
                                    .mean = buffers.mean,
                                    .inverse_deviation = buffers.inverse_deviation,
                                    .unbiased_variance = buffers.unbiased_variance,
                                    .workspace = behind_z});
  }

 private:
  std::int64_t z_bytes() const { return shape_.normalizes_input ? normalized_bytes(shape_.convolution) : 0; }

  Device device_;
  ConvolutionWithStatisticsShape shape_;
  std::unique_ptr<ConvolutionForward> convolution_;
};

template <class Device>
class ConvolutionNormalizedBackwardWeightsUnfused : public ConvolutionNormalizedBackwardWeights {
 public:
  ConvolutionNormalizedBackwardWeightsUnfused(Device device, const ConvolutionShape& shape)
      : device_(device), shape_(shape), convolution_(make_convolution_backward_weights(device, shape)) {}

  bool is_deterministic() const override { return convolution_->is_deterministic(); }

  std::int64_t workspace_bytes() const override { return normalized_bytes(shape_) + convolution_->workspace_bytes(); }

  void run(const void* input, const InputNormalization& normalization, const void* output_gradient,
           void* weight_gradient, void* workspace) override {
    normalize_input(device_, shape_, input, normalization, workspace);
    convolution_->run(workspace, output_gradient, weight_gradient,
                      static_cast<std::byte*>(workspace) + normalized_bytes(shape_));
  }

 private:
  Device device_;
  ConvolutionShape shape_;
  std::unique_ptr<ConvolutionBackwardWeights> convolution_;
};

}  // namespace sleight::kernels

// Convolution on NVIDIA GPUs: cuDNN's graph interface, with the engine chosen by measuring. Any number of channels will
// do: engines that want a multiple of eight make themselves a copy in their workspace, those that do not are measured
// beside them. The caller avoids that copy for the first layer (engine/ops/pad_image_channels.cpp).
#include <array>

#include "kernels/convolution.h"
#include "kernels/cuda/convolution_graph.h"

namespace sleight::kernels {
namespace {

class Forward : public ConvolutionForward {
 public:
  Forward(const Cuda& cuda, const ConvolutionShape& shape)
      : shape_(shape), graph_(prepare_convolution("forward", cuda, shape, describe_forward)) {}

  std::int64_t workspace_bytes() const override { return graph_.workspace_bytes(); }
  bool is_deterministic() const override { return graph_.is_deterministic(); }

  void run(const void* input, const void* weights, const void* bias, void* output, void* workspace) override {
    naming("forward", shape_, [&] {
      if (shape_.has_bias) {
        graph_.run(std::array<const void*, 4>{input, weights, bias, output}, workspace);
      } else {
        graph_.run(std::array<const void*, 3>{input, weights, output}, workspace);
      }
    });
  }

 private:
  ConvolutionShape shape_;
  PreparedGraph graph_;
};

class BackwardData : public ConvolutionBackwardData {
 public:
  BackwardData(const Cuda& cuda, const ConvolutionShape& shape)
      : shape_(shape), graph_(prepare_convolution("backward data", cuda, shape, describe_backward_data)) {}

  std::int64_t workspace_bytes() const override { return graph_.workspace_bytes(); }
  bool is_deterministic() const override { return graph_.is_deterministic(); }

  void run(const void* output_gradient, const void* weights, void* input_gradient, void* workspace) override {
    naming("backward data", shape_, [&] {
      graph_.run(std::array<const void*, 3>{output_gradient, weights, input_gradient}, workspace);
    });
  }

 private:
  ConvolutionShape shape_;
  PreparedGraph graph_;
};

class BackwardWeights : public ConvolutionBackwardWeights {
 public:
  BackwardWeights(const Cuda& cuda, const ConvolutionShape& shape)
      : shape_(shape), graph_(prepare_convolution("backward weights", cuda, shape, describe_backward_weights)) {}

  std::int64_t workspace_bytes() const override { return graph_.workspace_bytes(); }
  bool is_deterministic() const override { return graph_.is_deterministic(); }

  void run(const void* input, const void* output_gradient, void* weight_gradient, void* workspace) override {
    naming("backward weights", shape_, [&] {
      graph_.run(std::array<const void*, 3>{input, output_gradient, weight_gradient}, workspace);
    });
  }

 private:
  ConvolutionShape shape_;
  PreparedGraph graph_;
};

}  // namespace

std::unique_ptr<ConvolutionForward> make_convolution_forward(Cuda cuda, const ConvolutionShape& shape) {
  return std::make_unique<Forward>(cuda, shape);
}

std::unique_ptr<ConvolutionBackwardData> make_convolution_backward_data(Cuda cuda, const ConvolutionShape& shape) {
  return std::make_unique<BackwardData>(cuda, shape);
}

std::unique_ptr<ConvolutionBackwardWeights> make_convolution_backward_weights(Cuda cuda,
                                                                              const ConvolutionShape& shape) {
  return std::make_unique<BackwardWeights>(cuda, shape);
}

}  // namespace sleight::kernels

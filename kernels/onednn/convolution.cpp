// Convolution on the cpu: oneDNN for float32, in any layout that onednn.h describes, and for bfloat16 in blocks where
// the processor has AVX-512; fastest where both sides are blocked and the weights lie as preferred_weight_layout says,
// others are converted in the workspace at each run. bfloat16 weights always are: its instructions multiply pairs of
// input channels, which lie side by side in no layout of ours. Plain loops for the other types.
#include "kernels/convolution.h"

#include <stdexcept>
#include <string>

#include "kernels/onednn/onednn.h"
#include "primitive_descriptors.h"

namespace sleight::kernels {
namespace {

// Winograd's algorithm trades multiplications for memory. Beyond this much it is not worth what it takes from the
// arena.
constexpr std::size_t largest_winograd_scratchpad = std::size_t{64} << 20U;

dnnl::memory::desc with_tag(const ActivationView& view, DataType type, dnnl::memory::format_tag tag) {
  return {{view.batch, view.channels(), view.height, view.width}, onednn::data_type(type), tag};
}

// The convolution in the layouts that oneDNN computes fastest in, given the caller's.
onednn::Convolution wanted_convolution(const ConvolutionShape& shape) {
  using Tag = dnnl::memory::format_tag;
  const std::int64_t lanes = onednn::vector_lanes();
  const bool blocked_input = shape.input.lanes == lanes;
  const bool blocked_output = shape.output.lanes == lanes;

  onednn::Convolution convolution;
  convolution.source = onednn::describe(shape.input, shape.type);
  convolution.destination = onednn::describe(shape.output, shape.type);
  if (blocked_output && shape.input.channels() <= 3) {
    // The first layer: oneDNN has a kernel from planes of an image to blocks, and none from NHWC to blocks.
    convolution.source = with_tag(shape.input, shape.type, Tag::nchw);
  } else if (!blocked_input || !blocked_output) {
    convolution.source = with_tag(shape.input, shape.type, Tag::nhwc);
    convolution.destination = with_tag(shape.output, shape.type, Tag::nhwc);
  }
  convolution.weights =
      dnnl::memory::desc({shape.output.channels(), shape.input.channels(), shape.kernel_height, shape.kernel_width},
                         onednn::data_type(shape.type), Tag::any);
  if (shape.has_bias) {
    convolution.bias = dnnl::memory::desc({shape.output.channels()}, onednn::data_type(shape.type), Tag::x);
  }
  convolution.strides = {shape.stride, shape.stride};
  convolution.padding = {shape.padding, shape.padding};
  return convolution;
}

// Below 32 channels the transforms cost more than the multiplications they save.
bool winograd_pays(const ConvolutionShape& shape) {
  const std::int64_t lanes = onednn::vector_lanes();
  return shape.type == DataType::float32 && shape.kernel_height == 3 && shape.kernel_width == 3 && shape.stride == 1 &&
         shape.input.lanes == lanes && shape.output.lanes == lanes && shape.input.channels() >= 32 &&
         shape.output.channels() >= 32;
}

// bfloat16 only between blocks, and from an image to blocks, which is what networks consist of: for 5 to 7 channels,
// 1x1, channels last, oneDNN 2.6.3 computed a wrong gradient of the input (on a processor with AVX-512 BF16).
bool computed_by_onednn(const ConvolutionShape& shape) {
  if (!offers_convolution(Cpu{}, shape.type)) return false;
  if (shape.type == DataType::float32) return true;
  const std::int64_t lanes = onednn::vector_lanes();
  return shape.output.lanes == lanes && (shape.input.lanes == lanes || shape.input.channels() <= 3);
}

dnnl::primitive_attr scratchpad_from_caller() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

// describe(convolution): the primitive descriptor of one direction, for the fastest algorithm that oneDNN offers.
template <class Describe>
auto choose_algorithm(const ConvolutionShape& shape, Describe describe) {
  onednn::Convolution convolution = wanted_convolution(shape);
  if (winograd_pays(shape)) {
    convolution.algorithm = dnnl::algorithm::convolution_winograd;
    auto descriptor = describe(convolution);
    if (descriptor && descriptor.scratchpad_desc().get_size() <= largest_winograd_scratchpad) return descriptor;
  }
  convolution.algorithm = dnnl::algorithm::convolution_direct;
  auto descriptor = describe(convolution);
  if (!descriptor) throw std::runtime_error("convolution: oneDNN has no implementation for this shape");
  return descriptor;
}

dnnl::convolution_forward::primitive_desc describe_direct_forward(const ConvolutionShape& shape) {
  return onednn::describe_forward(wanted_convolution(shape), scratchpad_from_caller());
}

class Forward : public ConvolutionForward {
 public:
  explicit Forward(const ConvolutionShape& shape)
      : Forward(shape, choose_algorithm(shape, [](const onednn::Convolution& convolution) {
                  return onednn::describe_forward(convolution, scratchpad_from_caller());
                })) {}

  std::int64_t workspace_bytes() const override { return primitive_.workspace_bytes(); }

  void run(const void* input, const void* weights, const void* bias, void* output, void* workspace) override {
    primitive_.run({input, weights, bias}, output, workspace);
  }

 private:
  Forward(const ConvolutionShape& shape, const dnnl::convolution_forward::primitive_desc& descriptor)
      : primitive_(dnnl::convolution_forward(descriptor), descriptor.scratchpad_desc()) {
    primitive_.add_input(DNNL_ARG_SRC, onednn::describe(shape.input, shape.type), descriptor.src_desc());
    primitive_.add_input(DNNL_ARG_WEIGHTS, onednn::describe(shape.weights(), shape.type), descriptor.weights_desc());
    if (shape.has_bias) primitive_.add_input(DNNL_ARG_BIAS, descriptor.bias_desc(), descriptor.bias_desc());
    primitive_.set_output(DNNL_ARG_DST, onednn::describe(shape.output, shape.type), descriptor.dst_desc());
  }

  onednn::PreparedPrimitive primitive_;
};

class BackwardData : public ConvolutionBackwardData {
 public:
  explicit BackwardData(const ConvolutionShape& shape)
      : BackwardData(
            shape,
            choose_algorithm(shape, [forward = describe_direct_forward(shape)](const onednn::Convolution& convolution) {
              return onednn::describe_backward_data(convolution, scratchpad_from_caller(), forward);
            })) {}

  std::int64_t workspace_bytes() const override { return primitive_.workspace_bytes(); }

  void run(const void* output_gradient, const void* weights, void* input_gradient, void* workspace) override {
    primitive_.run({output_gradient, weights}, input_gradient, workspace);
  }

 private:
  BackwardData(const ConvolutionShape& shape, const dnnl::convolution_backward_data::primitive_desc& descriptor)
      : primitive_(dnnl::convolution_backward_data(descriptor), descriptor.scratchpad_desc()) {
    primitive_.add_input(DNNL_ARG_DIFF_DST, onednn::describe(shape.output, shape.type), descriptor.diff_dst_desc());
    primitive_.add_input(DNNL_ARG_WEIGHTS, onednn::describe(shape.weights(), shape.type), descriptor.weights_desc());
    primitive_.set_output(DNNL_ARG_DIFF_SRC, onednn::describe(shape.input, shape.type), descriptor.diff_src_desc());
  }

  onednn::PreparedPrimitive primitive_;
};

class BackwardWeights : public ConvolutionBackwardWeights {
 public:
  explicit BackwardWeights(const ConvolutionShape& shape)
      : BackwardWeights(
            shape,
            choose_algorithm(shape, [forward = describe_direct_forward(shape)](const onednn::Convolution& convolution) {
              return onednn::describe_backward_weights(convolution, scratchpad_from_caller(), forward);
            })) {}

  std::int64_t workspace_bytes() const override { return primitive_.workspace_bytes(); }

  void run(const void* input, const void* output_gradient, void* weight_gradient, void* workspace) override {
    primitive_.run({input, output_gradient}, weight_gradient, workspace);
  }

 private:
  BackwardWeights(const ConvolutionShape& shape, const dnnl::convolution_backward_weights::primitive_desc& descriptor)
      : primitive_(dnnl::convolution_backward_weights(descriptor), descriptor.scratchpad_desc()) {
    primitive_.add_input(DNNL_ARG_SRC, onednn::describe(shape.input, shape.type), descriptor.src_desc());
    primitive_.add_input(DNNL_ARG_DIFF_DST, onednn::describe(shape.output, shape.type), descriptor.diff_dst_desc());
    primitive_.set_output(DNNL_ARG_DIFF_WEIGHTS, onednn::describe(shape.weights(), shape.type),
                          descriptor.diff_weights_desc());
  }

  onednn::PreparedPrimitive primitive_;
};

}  // namespace

std::int64_t preferred_lanes(Cpu, std::int64_t channels) {
  const std::int64_t lanes = onednn::vector_lanes();
  return lanes > 0 && channels % lanes == 0 ? lanes : channels;
}

WeightLayout preferred_weight_layout(Cpu, std::int64_t input_channels, std::int64_t output_channels) {
  const std::int64_t lanes = onednn::vector_lanes();
  const bool blocked_output = lanes > 0 && output_channels % lanes == 0;
  if (blocked_output && input_channels % lanes == 0) return {lanes, lanes};
  if (blocked_output && input_channels <= 3) return {lanes, input_channels};
  return layout_ohwi(input_channels);
}

bool offers_convolution(Cpu, DataType type) {
  // With AVX-512 alone oneDNN rounds by itself, with its later extension the processor does. Below, there is only a
  // reference implementation.
  return type == DataType::float32 || (type == DataType::bfloat16 && onednn::vector_lanes() == 16);
}

std::unique_ptr<ConvolutionForward> make_convolution_forward(Cpu, const ConvolutionShape& shape) {
  check(shape);
  if (!computed_by_onednn(shape)) return make_plain_convolution_forward(shape);
  return std::make_unique<Forward>(shape);
}

std::unique_ptr<ConvolutionBackwardData> make_convolution_backward_data(Cpu, const ConvolutionShape& shape) {
  check(shape);
  if (!computed_by_onednn(shape)) return make_plain_convolution_backward_data(shape);
  return std::make_unique<BackwardData>(shape);
}

std::unique_ptr<ConvolutionBackwardWeights> make_convolution_backward_weights(Cpu, const ConvolutionShape& shape) {
  check(shape);
  if (!computed_by_onednn(shape)) return make_plain_convolution_backward_weights(shape);
  return std::make_unique<BackwardWeights>(shape);
}

}  // namespace sleight::kernels

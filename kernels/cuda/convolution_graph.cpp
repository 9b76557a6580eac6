#include "kernels/cuda/convolution_graph.h"

#include <stdexcept>

namespace sleight::kernels {
namespace {

using cudnn::Tensor;

// Numbers of the tensors in all graphs of this file.
enum Number : std::int64_t { input = 1, weights = 2, output = 3, bias = 4, sums = 5 };

void check_layout(const ConvolutionShape& shape) {
  if (!shape.input.channels_last() || !shape.output.channels_last() ||
      shape.weight_layout != layout_ohwi(shape.input.channels())) {
    throw std::invalid_argument("convolution " + to_string(shape) +
                                ": on cuda pictures and weights are stored with channels last");
  }
}

Tensor tensor_of(Number number, const ActivationView& view, DataType type) {
  return {number, {view.batch, view.channels(), view.height, view.width}, cudnn::storage_type(type)};
}

Tensor weights_of(const ConvolutionShape& shape) {
  return {weights,
          {shape.output.channels(), shape.input.channels(), shape.kernel_height, shape.kernel_width},
          cudnn::storage_type(shape.type)};
}

GraphOperand operand(const Tensor& tensor, DataType type) {
  const auto [n, c, h, w] = tensor.size;
  return {tensor.number, {n * c * h * w * static_cast<std::int64_t>(size_of(type)), type}};
}

}  // namespace

DescribedGraph describe_forward(const ConvolutionShape& shape) {
  check_layout(shape);
  const Tensor x = tensor_of(input, shape.input, shape.type);
  const Tensor w = weights_of(shape);
  const Tensor y = tensor_of(output, shape.output, shape.type);
  DescribedGraph result;
  if (!shape.has_bias) {
    result.graph.convolution_forward(x, w, y, {shape.stride, shape.padding});
    result.operands = {operand(x, shape.type), operand(w, shape.type), operand(y, shape.type)};
    return result;
  }
  const Tensor b = {bias, {1, shape.output.channels(), 1, 1}, y.type};
  const Tensor convolved = {sums, y.size, CUDNN_DATA_FLOAT, true};  // rounded once, after the bias
  result.graph.convolution_forward(x, w, convolved, {shape.stride, shape.padding});
  result.graph.pointwise(CUDNN_POINTWISE_ADD, convolved, b, y);
  result.operands = {operand(x, shape.type), operand(w, shape.type), operand(b, shape.type), operand(y, shape.type)};
  return result;
}

DescribedGraph describe_backward_data(const ConvolutionShape& shape) {
  check_layout(shape);
  const Tensor dy = tensor_of(output, shape.output, shape.type);
  const Tensor w = weights_of(shape);
  const Tensor dx = tensor_of(input, shape.input, shape.type);
  DescribedGraph result;
  result.graph.convolution_backward_data(dy, w, dx, {shape.stride, shape.padding});
  result.operands = {operand(dy, shape.type), operand(w, shape.type), operand(dx, shape.type)};
  return result;
}

DescribedGraph describe_backward_weights(const ConvolutionShape& shape) {
  check_layout(shape);
  const Tensor x = tensor_of(input, shape.input, shape.type);
  const Tensor dy = tensor_of(output, shape.output, shape.type);
  const Tensor dw = weights_of(shape);
  DescribedGraph result;
  result.graph.convolution_backward_weights(x, dy, dw, {shape.stride, shape.padding});
  result.operands = {operand(x, shape.type), operand(dy, shape.type), operand(dw, shape.type)};
  return result;
}

void add_shape(TuningKey& key, const ConvolutionShape& shape) {
  key.add("shape", to_string(shape)).add("layout", "channels last").add("bias", shape.has_bias ? "yes" : "no");
}

}  // namespace sleight::kernels

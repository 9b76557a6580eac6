#include "kernels/cuda/convolution_graph.h"

#include <stdexcept>
#include <utility>

namespace sleight::kernels {
namespace {

using cudnn::Tensor;

// Numbers of the tensors in all graphs of this file.
enum Number : std::int64_t {
  input = 1,
  weights,
  output,
  bias,
  convolved,
  sum,
  sum_of_squares,
  scale,
  shift,
  scaled,
  shifted,
  activated
};

void check_layout(const ConvolutionShape& shape) {
  if (!shape.input.channels_last() || !shape.output.channels_last() ||
      shape.weight_layout != layout_ohwi(shape.input.channels())) {
    throw std::invalid_argument("convolution " + to_string(shape) +
                                ": on cuda images and weights are stored with channels last");
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

// relu(input * scale + shift), never stored: the first operations and operands of a graph.
Tensor add_normalization(DescribedGraph& described, const ConvolutionShape& shape) {
  const Tensor x = tensor_of(input, shape.input, shape.type);
  const Tensor factor = {scale, {1, shape.input.channels(), 1, 1}, x.type};
  const Tensor offset = {shift, factor.size, x.type};
  // Virtual tensors in the prologue have the type of the activations, which every version of cuDNN offers.
  const Tensor x_scaled = {scaled, x.size, x.type, true};
  const Tensor x_shifted = {shifted, x.size, x.type, true};
  const Tensor x_activated = {activated, x.size, x.type, true};
  described.graph.pointwise(CUDNN_POINTWISE_MUL, x, factor, x_scaled);
  described.graph.pointwise(CUDNN_POINTWISE_ADD, x_scaled, offset, x_shifted);
  described.graph.relu(x_shifted, x_activated);
  described.operands = {operand(x, shape.type), operand(factor, shape.type), operand(offset, shape.type)};
  return x_activated;
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
  const Tensor before_bias = {convolved, y.size, CUDNN_DATA_FLOAT, true};  // so that it is rounded once, after the bias
  result.graph.convolution_forward(x, w, before_bias, {shape.stride, shape.padding});
  result.graph.pointwise(CUDNN_POINTWISE_ADD, before_bias, b, y);
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

DescribedGraph describe_forward_with_statistics(const ConvolutionShape& shape) {
  check_layout(shape);
  const Tensor x = tensor_of(input, shape.input, shape.type);
  const Tensor w = weights_of(shape);
  const Tensor y = tensor_of(output, shape.output, shape.type);
  const Tensor s = {sum, {1, shape.output.channels(), 1, 1}, CUDNN_DATA_FLOAT};
  const Tensor q = {sum_of_squares, s.size, CUDNN_DATA_FLOAT};
  DescribedGraph result;
  result.graph.convolution_forward(x, w, y, {shape.stride, shape.padding});
  result.graph.statistics(y, s, q);
  result.operands = {operand(x, shape.type), operand(w, shape.type), operand(y, shape.type),
                     operand(s, DataType::float32), operand(q, DataType::float32)};
  return result;
}

DescribedGraph describe_normalized_forward_with_statistics(const ConvolutionShape& shape) {
  check_layout(shape);
  DescribedGraph result;
  const Tensor z = add_normalization(result, shape);
  const Tensor w = weights_of(shape);
  const Tensor y = tensor_of(output, shape.output, shape.type);
  const Tensor s = {sum, {1, shape.output.channels(), 1, 1}, CUDNN_DATA_FLOAT};
  const Tensor q = {sum_of_squares, s.size, CUDNN_DATA_FLOAT};
  result.graph.convolution_forward(z, w, y, {shape.stride, shape.padding});
  result.graph.statistics(y, s, q);
  for (const auto& [tensor, type] : {std::pair{w, shape.type}, std::pair{y, shape.type},
                                     std::pair{s, DataType::float32}, std::pair{q, DataType::float32}})
    result.operands.push_back(operand(tensor, type));
  return result;
}

DescribedGraph describe_normalized_backward_weights(const ConvolutionShape& shape) {
  check_layout(shape);
  DescribedGraph result;
  const Tensor z = add_normalization(result, shape);
  const Tensor dy = tensor_of(output, shape.output, shape.type);
  const Tensor dw = weights_of(shape);
  result.graph.convolution_backward_weights(z, dy, dw, {shape.stride, shape.padding});
  result.operands.push_back(operand(dy, shape.type));
  result.operands.push_back(operand(dw, shape.type));
  return result;
}

void add_shape(TuningKey& key, const ConvolutionShape& shape) {
  key.add("shape", to_string(shape)).add("layout", "channels last").add("bias", shape.has_bias ? "yes" : "no");
}

cudnn::Demands demands_on(const CudaLibraries& libraries, const ConvolutionShape& shape) {
  return {libraries.options().deterministic, shape.type == DataType::float32 && !libraries.options().allow_tf32};
}

PreparedGraph prepare_convolution(const char* direction, const Cuda& cuda, const ConvolutionShape& shape,
                                  DescribedGraph (*describe)(const ConvolutionShape&)) {
  check(shape);
  return naming(direction, shape, [&] {
    CudaLibraries& libraries = libraries_of(cuda);
    TuningKey key = libraries.key("convolution " + std::string(direction), shape.type);
    add_shape(key, shape);
    return PreparedGraph(cuda, describe(shape), key, demands_on(libraries, shape));
  });
}

}  // namespace sleight::kernels

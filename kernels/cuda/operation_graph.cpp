#include "kernels/cuda/operation_graph.h"

#include <stdexcept>

namespace sleight::kernels::cudnn {
namespace {

// Channels last: n, then h, then w, then c.
std::array<std::int64_t, 4> strides_of(const Tensor& tensor) {
  const auto [n, c, h, w] = tensor.size;
  return {h * w * c, 1, w * c, c};
}

template <std::size_t N>
std::span<const std::int64_t> list(const std::array<std::int64_t, N>& values) {
  return values;
}

Descriptor describe_convolution(const Window& window) {
  Descriptor descriptor(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  const std::array<std::int64_t, 2> stride = {window.stride, window.stride};
  const std::array<std::int64_t, 2> padding = {window.padding, window.padding};
  const std::array<std::int64_t, 2> dilation = {1, 1};
  descriptor.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
  descriptor.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION);
  descriptor.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, std::int64_t{2});
  descriptor.set(CUDNN_ATTR_CONVOLUTION_DILATIONS, list(dilation));
  descriptor.set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, list(stride));
  descriptor.set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, list(padding));
  descriptor.set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, list(padding));
  descriptor.finalize();
  return descriptor;
}

Descriptor describe_pointwise(cudnnPointwiseMode_t mode) {
  Descriptor descriptor(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  descriptor.set(CUDNN_ATTR_POINTWISE_MODE, mode);
  descriptor.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
  descriptor.finalize();
  return descriptor;
}

}  // namespace

cudnnDataType_t storage_type(DataType type) {
  switch (type) {
    case DataType::float32:
      return CUDNN_DATA_FLOAT;
    case DataType::bfloat16:
      return CUDNN_DATA_BFLOAT16;
    case DataType::float16:
      return CUDNN_DATA_HALF;
    default:
      throw std::invalid_argument("cuDNN is not used for element type " + std::string(name_of(type)));
  }
}

Target Target::described(const std::string& properties) {
  Target target(nullptr);
  target.description_.emplace(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  target.description_->set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, std::span<const char>(properties));
  target.description_->finalize();
  return target;
}

void Target::set_on(Descriptor& descriptor, int handle_attribute, int description_attribute) const {
  if (description_) {
    if (description_attribute >= 0)
      descriptor.set(static_cast<cudnnBackendAttributeName_t>(description_attribute), *description_);
  } else if (handle_attribute >= 0) {
    descriptor.set(static_cast<cudnnBackendAttributeName_t>(handle_attribute), handle_);
  }
}

const Descriptor& Graph::describe(const Tensor& tensor) {
  const auto known = tensors_.find(tensor.number);
  if (known != tensors_.end()) return known->second;
  Descriptor descriptor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  const std::array<std::int64_t, 4> strides = strides_of(tensor);
  descriptor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, tensor.number);
  descriptor.set(CUDNN_ATTR_TENSOR_DATA_TYPE, tensor.type);
  descriptor.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, tensor_alignment);
  descriptor.set(CUDNN_ATTR_TENSOR_DIMENSIONS, list(tensor.size));
  descriptor.set(CUDNN_ATTR_TENSOR_STRIDES, list(strides));
  descriptor.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, tensor.is_virtual);
  descriptor.finalize();
  return tensors_.emplace(tensor.number, std::move(descriptor)).first->second;
}

void Graph::convolution_forward(const Tensor& input, const Tensor& weights, const Tensor& output,
                                const Window& window) {
  convolution(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, window,
              {.convolution = CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
               .alpha = CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
               .beta = CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
              {{CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, &input},
               {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, &weights},
               {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, &output}});
}

void Graph::convolution_backward_data(const Tensor& output_gradient, const Tensor& weights,
                                      const Tensor& input_gradient, const Window& window) {
  convolution(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, window,
              {.convolution = CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
               .alpha = CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
               .beta = CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
              {{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, &output_gradient},
               {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, &weights},
               {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, &input_gradient}});
}

void Graph::convolution_backward_weights(const Tensor& input, const Tensor& output_gradient,
                                         const Tensor& weight_gradient, const Window& window) {
  convolution(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, window,
              {.convolution = CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
               .alpha = CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
               .beta = CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA},
              {{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, &input},
               {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, &output_gradient},
               {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, &weight_gradient}});
}

void Graph::pointwise(cudnnPointwiseMode_t mode, const Tensor& x, const Tensor& y, const Tensor& result) {
  Descriptor operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, describe_pointwise(mode));
  add(std::move(operation), {{CUDNN_ATTR_OPERATION_POINTWISE_XDESC, &x},
                             {CUDNN_ATTR_OPERATION_POINTWISE_BDESC, &y},
                             {CUDNN_ATTR_OPERATION_POINTWISE_YDESC, &result}});
}

void Graph::relu(const Tensor& x, const Tensor& result) {
  Descriptor operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, describe_pointwise(CUDNN_POINTWISE_RELU_FWD));
  add(std::move(operation),
      {{CUDNN_ATTR_OPERATION_POINTWISE_XDESC, &x}, {CUDNN_ATTR_OPERATION_POINTWISE_YDESC, &result}});
}

void Graph::statistics(const Tensor& x, const Tensor& sum, const Tensor& sum_of_squares) {
  Descriptor operation(CUDNN_BACKEND_OPERATION_GEN_STATS_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_GENSTATS_MODE, CUDNN_GENSTATS_SUM_SQSUM);
  operation.set(CUDNN_ATTR_OPERATION_GENSTATS_MATH_PREC, CUDNN_DATA_FLOAT);
  add(std::move(operation), {{CUDNN_ATTR_OPERATION_GENSTATS_XDESC, &x},
                             {CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC, &sum},
                             {CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC, &sum_of_squares}});
}

void Graph::convolution(cudnnBackendDescriptorType_t direction, const Window& window,
                        const ConvolutionAttributes& attributes, std::initializer_list<Operand> operands) {
  Descriptor operation(direction);
  operation.set(attributes.convolution, describe_convolution(window));
  operation.set(attributes.alpha, 1.0F);
  operation.set(attributes.beta, 0.0F);
  add(std::move(operation), operands);
}

void Graph::add(Descriptor operation, std::initializer_list<Operand> operands) {
  for (const auto& [attribute, tensor] : operands)
    operation.set(attribute, describe(*tensor));
  operation.finalize();
  operations_.push_back(std::move(operation));
}

void Graph::finish(const Target& target) {
  graph_.emplace(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  target.set_on(*graph_, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, -1);
  graph_->set(CUDNN_ATTR_OPERATIONGRAPH_OPS, std::span<const Descriptor>(operations_));
  graph_->finalize();
}

}  // namespace sleight::kernels::cudnn

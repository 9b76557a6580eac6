// oneDNN 2: an operation is described first (desc), a primitive descriptor is made from that.
// Each function returns an empty descriptor when oneDNN has no implementation.
#pragma once

#include "kernels/onednn/onednn.h"

namespace sleight::kernels::onednn {

inline dnnl::convolution_forward::primitive_desc describe_forward(const Convolution& c,
                                                                  const dnnl::primitive_attr& attributes) {
  constexpr auto kind = dnnl::prop_kind::forward_training;
  using Operation = dnnl::convolution_forward::desc;
  const Operation operation =
      c.bias
          ? Operation(kind, c.algorithm, c.source, c.weights, *c.bias, c.destination, c.strides, c.padding, c.padding)
          : Operation(kind, c.algorithm, c.source, c.weights, c.destination, c.strides, c.padding, c.padding);
  return {operation, attributes, engine(), true};
}

inline dnnl::convolution_backward_data::primitive_desc describe_backward_data(
    const Convolution& c, const dnnl::primitive_attr& attributes,
    const dnnl::convolution_forward::primitive_desc& forward) {
  const dnnl::convolution_backward_data::desc operation(c.algorithm, c.source, c.weights, c.destination, c.strides,
                                                        c.padding, c.padding);
  return {operation, attributes, engine(), forward, true};
}

inline dnnl::convolution_backward_weights::primitive_desc describe_backward_weights(
    const Convolution& c, const dnnl::primitive_attr& attributes,
    const dnnl::convolution_forward::primitive_desc& forward) {
  const dnnl::convolution_backward_weights::desc operation(c.algorithm, c.source, c.weights, c.destination, c.strides,
                                                           c.padding, c.padding);
  return {operation, attributes, engine(), forward, true};
}

}  // namespace sleight::kernels::onednn

// oneDNN 3: a primitive descriptor is made directly.
// Each function returns an empty descriptor when oneDNN has no implementation.
#pragma once

#include "kernels/onednn/onednn.h"

namespace sleight::kernels::onednn {

inline dnnl::convolution_forward::primitive_desc describe_forward(const Convolution& c,
                                                                  const dnnl::primitive_attr& attributes) {
  constexpr auto kind = dnnl::prop_kind::forward_training;
  if (c.bias) {
    return {engine(),      kind,      c.algorithm, c.source,  c.weights,  *c.bias,
            c.destination, c.strides, c.padding,   c.padding, attributes, true};
  }
  return {engine(),  kind,      c.algorithm, c.source,   c.weights, c.destination,
          c.strides, c.padding, c.padding,   attributes, true};
}

inline dnnl::convolution_backward_data::primitive_desc describe_backward_data(
    const Convolution& c, const dnnl::primitive_attr& attributes,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return {engine(),  c.algorithm, c.source, c.weights,  c.destination, c.strides,
          c.padding, c.padding,   forward,  attributes, true};
}

inline dnnl::convolution_backward_weights::primitive_desc describe_backward_weights(
    const Convolution& c, const dnnl::primitive_attr& attributes,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return {engine(),  c.algorithm, c.source, c.weights,  c.destination, c.strides,
          c.padding, c.padding,   forward,  attributes, true};
}

}  // namespace sleight::kernels::onednn

// The pointwise functions a layer may end with, for the kernels that apply them alone (activation.h) or fused
// (batch_norm_apply.h), and their derivatives for the backward kernels.
//
//   none         f(v) = v
//   relu         f(v) = max(v, 0)
//   leaky_relu   f(v) = v > 0 ? v : slope * v        slope >= 0 (YOLOv3: 0.1)
//
// The derivative needs only the sign of v, and slope >= 0 keeps that sign: backward may read it from the saved output.
// At 0 the derivative is the one of the negative side, as in PyTorch. A NaN stays a NaN.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/lib/types.h"

namespace sleight::kernels {

enum class ActivationFunction : std::uint8_t { none, relu, leaky_relu };

template <ActivationFunction function, class Value>
SLEIGHT_HOST_DEVICE inline Value activate(Value value, Value slope) {
  // Not a product with 0 for relu: 0 * infinity is NaN.
  if constexpr (function == ActivationFunction::relu) return value < Value(0) ? Value(0) : value;
  if constexpr (function == ActivationFunction::leaky_relu) return value < Value(0) ? slope * value : value;
  return value;
}

// gradient * f'(v); signed_like is v or f(v).
template <ActivationFunction function, class Value>
SLEIGHT_HOST_DEVICE inline Value activation_gradient(Value gradient, Value signed_like, Value slope) {
  if constexpr (function == ActivationFunction::relu) return signed_like <= Value(0) ? Value(0) : gradient;
  if constexpr (function == ActivationFunction::leaky_relu)
    return signed_like <= Value(0) ? slope * gradient : gradient;
  return gradient;
}

template <ActivationFunction function>
using ActivationTag = std::integral_constant<ActivationFunction, function>;

// Calls visitor(ActivationTag<function>{}): the choice is made once per kernel, not once per value.
template <class Visitor>
void visit_activation(ActivationFunction function, Visitor&& visitor) {
  switch (function) {
    case ActivationFunction::none:
      return visitor(ActivationTag<ActivationFunction::none>{});
    case ActivationFunction::relu:
      return visitor(ActivationTag<ActivationFunction::relu>{});
    case ActivationFunction::leaky_relu:
      return visitor(ActivationTag<ActivationFunction::leaky_relu>{});
  }
}

}  // namespace sleight::kernels

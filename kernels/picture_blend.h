// The arithmetic on one colour of one pixel, shared by the kernels that prepare pictures, so that they give the same
// bits wherever the bytes come from.
#pragma once

#include "kernels/types.h"

namespace sleight::kernels {

// Mixup of two bytes.
template <class Value>
SLEIGHT_HOST_DEVICE inline Value blended(Value own, Value other, Value lambda) {
  return lambda * own + (Value(1) - lambda) * other;
}

template <class Value>
SLEIGHT_HOST_DEVICE inline Value normalised(Value value, Value mean, Value inverse_deviation) {
  return (value - mean) * inverse_deviation;
}

}  // namespace sleight::kernels

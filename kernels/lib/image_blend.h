// The arithmetic on one color of one pixel, shared by the kernels that prepare images, so that they give the same
// bits wherever the bytes come from.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "kernels/lib/types.h"

namespace sleight::kernels {

// Mixup of two bytes. The fma is explicit: kernels that contract as they like would not give the same bits.
template <class Value>
SLEIGHT_HOST_DEVICE inline Value blended(Value own, Value other, Value lambda) {
  return std::fma(lambda, own, (Value(1) - lambda) * other);
}

template <class Value>
SLEIGHT_HOST_DEVICE inline Value normalized(Value value, Value mean, Value inverse_deviation) {
  return (value - mean) * inverse_deviation;
}

// The number of color c. Selected instead of indexed, which would put the three numbers into a GPU's slow local memory.
SLEIGHT_HOST_DEVICE inline float of_color(const float (&numbers)[3], int c) {
  return c == 0 ? numbers[0] : (c == 1 ? numbers[1] : numbers[2]);
}

// function(std::integral_constant<int, channels>) for the numbers of channels that check_channels lets pass.
template <class Function>
void visit_channels(std::int64_t channels, const Function& function) {
  if (channels == 3) function(std::integral_constant<int, 3>());
  if (channels == 4) function(std::integral_constant<int, 4>());
  if (channels == 8) function(std::integral_constant<int, 8>());
}

}  // namespace sleight::kernels

// How much two boxes have in common. Host and device code alike.
#pragma once

#include <cmath>

#include "kernels/lib/types.h"

namespace sleight::kernels {

// In pixels; the corners are not swapped where a box has an area.
template <class Value>
struct BoxCorners {
  Value left;
  Value top;
  Value right;
  Value bottom;
};

// Areas of the intersection and of the union; their quotient is the IoU.
template <class Value>
struct BoxOverlap {
  Value shared;
  Value united;
};

// Every addition of a product is an explicit fma: a compiler that is free to contract (and each decides for itself) has
// nothing left to choose, and all devices get the same bits. A NaN in a corner gives no intersection or a NaN; neither
// is ever above a threshold.
template <class Value>
SLEIGHT_HOST_DEVICE inline BoxOverlap<Value> box_overlap(const BoxCorners<Value>& a, const BoxCorners<Value>& b) {
  const Value left = a.left > b.left ? a.left : b.left;
  const Value top = a.top > b.top ? a.top : b.top;
  const Value right = a.right < b.right ? a.right : b.right;
  const Value bottom = a.bottom < b.bottom ? a.bottom : b.bottom;
  const Value width = right > left ? right - left : Value(0);
  const Value height = bottom > top ? bottom - top : Value(0);
  const Value shared = width * height;
  const Value area_of_b_alone = std::fma(b.right - b.left, b.bottom - b.top, -shared);
  return {shared, std::fma(a.right - a.left, a.bottom - a.top, area_of_b_alone)};
}

}  // namespace sleight::kernels

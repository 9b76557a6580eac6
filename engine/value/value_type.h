// What a value of a program is: shape, element type and how it lies in memory.
#pragma once

#include "engine/value/shape.h"
#include "kernels/lib/activation_view.h"
#include "kernels/lib/types.h"

namespace sleight {

// plain: row-major in the order of the shape (images channels last). This is the interface of every operation.
// blocked: the device's own order inside a plan. Images have their channels split into blocks of `lanes`; convolution
// weights lie as the device's convolution wants them. The numbers are the same, only their places differ.
enum class Layout : std::uint8_t { plain, blocked };

struct ValueType {
  Shape shape;
  DataType element = DataType::float32;
  Layout layout = Layout::plain;

  std::int64_t count() const { return element_count(shape); }
  std::int64_t bytes() const { return count() * size_of(element); }
  bool operator==(const ValueType&) const = default;
};

// "float32[8x56x56x64]", with "blocked" added where it is.
std::string to_string(const ValueType& type);

// The kernels' description of images [N,H,W,C] or matrices [N,C]. Throws Error for other ranks.
kernels::ActivationView view_of(const ValueType& type, std::int64_t lanes_when_blocked);

}  // namespace sleight

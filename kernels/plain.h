// What the libraries' operations have in common when they are plain loops (convolution_plain.cpp, linear_plain.cpp).
#pragma once

#include <memory>

#include "kernels/lib/types.h"

namespace sleight::kernels {

// Implementation<T> for the element type of a shape, which check(shape) finds to make sense.
template <template <class> class Implementation, class Interface, class Shape>
std::unique_ptr<Interface> make_plain(const Shape& shape) {
  check(shape);
  return visit_cpu_type(shape.type, [&]<class T>(TypeTag<T>) -> std::unique_ptr<Interface> {
    return std::make_unique<Implementation<T>>(shape);
  });
}

}  // namespace sleight::kernels

#include "engine/value/value_type.h"

#include "engine/base/error.h"

namespace sleight {

std::string to_string(const ValueType& type) {
  return std::string(name_of(type.element)) + "[" + to_string(type.shape) + "]" +
         (type.layout == Layout::blocked ? " blocked" : "");
}

kernels::ActivationView view_of(const ValueType& type, std::int64_t lanes_when_blocked) {
  if (type.shape.size() == 2) return {.batch = type.shape[0], .lanes = type.shape[1]};
  check(type.shape.size() == 4, "expected images [N,H,W,C] or a matrix [N,C], got ", to_string(type));
  kernels::ActivationView view{
      .batch = type.shape[0], .height = type.shape[1], .width = type.shape[2], .blocks = 1, .lanes = type.shape[3]};
  if (type.layout == Layout::blocked) {
    view.lanes = lanes_when_blocked;
    view.blocks = type.shape[3] / lanes_when_blocked;
  }
  return view;
}

}  // namespace sleight

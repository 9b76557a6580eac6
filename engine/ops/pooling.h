// What the pooling operations share: the window as attributes, and the shapes that follow from it.
#pragma once

#include <vector>

#include "engine/ops/support.h"
#include "kernels/lib/pool_window.h"

namespace sleight {

inline Attributes window_attributes(const kernels::PoolWindow& window) {
  return {{"kernel", window.kernel},
          {"stride", window.stride},
          {"padding", window.padding},
          {"ceil_mode", window.ceil_mode}};
}

inline kernels::PoolWindow window_of(const Attributes& attributes) {
  return {.kernel = attributes.integer("kernel"),
          .stride = attributes.integer("stride"),
          .padding = attributes.integer("padding"),
          .ceil_mode = attributes.flag("ceil_mode")};
}

// Backward steps cannot tell the input's size from the output's (several sizes pool to one), so they carry it.
inline void remember_size(Attributes& attributes, const ValueType& x) {
  attributes.set("height", x.shape[1]);
  attributes.set("width", x.shape[2]);
}

inline std::vector<ValueType> infer_pooled(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  check_rank(x, 4, "the images");
  const kernels::PoolWindow window = window_of(step.attributes);
  return {{{x.shape[0], kernels::pooled_size(x.shape[1], window), kernels::pooled_size(x.shape[2], window), x.shape[3]},
           x.element}};
}

inline std::vector<ValueType> infer_unpooled(const StepTypes& step) {
  const ValueType& gradient = input_type(step, 0);
  return {{{gradient.shape.front(), step.attributes.integer("height"), step.attributes.integer("width"),
            gradient.shape.back()},
           gradient.element}};
}

}  // namespace sleight

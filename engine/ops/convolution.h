// What the two files of convolution share: shapes, layouts, costs, and the fusion rules.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/program/operation.h"
#include "kernels/convolution.h"

namespace sleight {

// Both are asked of the operation convolution too; the fused ones answer the same.
std::vector<ValueType> infer_convolution(const StepTypes& step);
// Where a step's weights, or their gradient, lie.
Layout convolution_weight_layout(const ValueType& weights, const Device& device);

kernels::ConvolutionShape convolution_shape(const ValueType& x, const ValueType& weights, const ValueType& y,
                                            const Attributes& attributes, const Device& device);

// Multiplications and additions: every element of the forward output takes one per kernel position and input channel,
// in all three directions. Bytes: every input and output of the step once.
Cost convolution_cost(const StepTypes& step, const ValueType& y, const ValueType& weights);

// make(device of the kernels), a std::unique_ptr, for the device of a queue.
template <class Object, class Make>
std::shared_ptr<Object> make_on(const Device& device, Make make) {
  return kernels::run_on(device.target(), [&](auto on) -> std::shared_ptr<Object> { return make(on); });
}

std::span<const FusionRule> convolution_rules();
std::span<const FusionRule> convolution_with_statistics_rules();

}  // namespace sleight

// What the operations' files share: checks with messages, views of values, and the step from buffers to a kernel call.
#pragma once

#include <memory>
#include <string>

#include "engine/base/error.h"
#include "engine/ops/ops.h"

namespace sleight {

inline const ValueType& input_type(const StepTypes& step, std::size_t index) {
  check(index < step.inputs.size() && step.inputs[index] != nullptr, "input ", index, " is missing");
  return *step.inputs[index];
}

inline const ValueType& output_type(const StepTypes& step, std::size_t index) {
  return *step.outputs[index];
}

inline void check_rank(const ValueType& type, std::size_t rank, const char* what) {
  check(type.shape.size() == rank, what, " must have ", rank, " extents, got ", to_string(type));
}

inline void check_shape(const ValueType& type, const Shape& shape, const char* what) {
  check(type.shape == shape, what, " must be ", to_string(shape), ", got ", to_string(type));
}

// The type in which statistics, sums and losses of this element type are kept.
inline DataType accumulator_of(DataType element) {
  return element == DataType::float64 ? DataType::float64 : DataType::float32;
}

inline kernels::ActivationView view_on(const ValueType& type, const Device& device) {
  return view_of(type, type.shape.size() == 4 ? device.preferred_lanes(type.shape[3]) : 0);
}

// A step that fills a kernel's argument struct with this run's buffers and calls it:
//   kernel_step(device, arguments, [](auto& call, const StepBuffers& buffers) { call.x = buffers.inputs[0]; ... },
//               [](auto on, const auto& call) { kernels::add(on, call); })
template <class Arguments, class Fill, class Call>
PreparedStep kernel_step(const Device& device, const Arguments& arguments, Fill fill, Call call,
                         std::int64_t workspace_bytes = 0) {
  return {[arguments, fill, call, target = device.target()](const StepBuffers& buffers) {
            Arguments filled = arguments;
            fill(filled, buffers);
            kernels::run_on(target, [&](auto on) { call(on, filled); });
          },
          workspace_bytes};
}

inline double elements_of(const ValueType& type) {
  return static_cast<double>(type.count());
}

}  // namespace sleight

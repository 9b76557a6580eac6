#include "kernels/reduce_mean.h"

#include <stdexcept>
#include <string>

namespace sleight::kernels {

namespace {

void check_static_arguments(std::int64_t count, DataType type) {
  if (count < 1) throw std::invalid_argument("reduce_mean: the mean of " + std::to_string(count) + " values");
  if (type != DataType::float32 && type != DataType::float64)
    throw std::invalid_argument("reduce_mean: element type " + std::string(name_of(type)) +
                                "; losses are float32 or float64");
}

template <class T>
void forward(const ReduceMeanForward& arguments) {
  const T* const values = static_cast<const T*>(arguments.values);
  T sum = 0;
  for (std::int64_t i = 0; i < arguments.count; ++i)
    sum += values[i];
  *static_cast<T*>(arguments.mean) = sum / static_cast<T>(arguments.count);
}

template <class T>
void backward(const ReduceMeanBackward& arguments) {
  T* const gradient = static_cast<T*>(arguments.gradient);
  const T value = *static_cast<const T*>(arguments.mean_gradient) / static_cast<T>(arguments.count);
  for (std::int64_t i = 0; i < arguments.count; ++i)
    gradient[i] = value;
}

}  // namespace

void check_arguments(const ReduceMeanForward& arguments) {
  check_static_arguments(arguments.count, arguments.type);
}

void check_arguments(const ReduceMeanBackward& arguments) {
  check_static_arguments(arguments.count, arguments.type);
}

void reduce_mean_forward(Cpu, const ReduceMeanForward& arguments) {
  check_arguments(arguments);
  if (arguments.type == DataType::float64) return forward<double>(arguments);
  forward<float>(arguments);
}

void reduce_mean_backward(Cpu, const ReduceMeanBackward& arguments) {
  check_arguments(arguments);
  if (arguments.type == DataType::float64) return backward<double>(arguments);
  backward<float>(arguments);
}

}  // namespace sleight::kernels

// What is the same on every device: the check of a shape, its words, and simt, which runs what the cpu runs.
#include "kernels/linear.h"

#include <stdexcept>
#include <string>

namespace sleight::kernels {

std::string to_string(const LinearShape& shape) {
  return std::to_string(shape.rows) + " rows, " + std::to_string(shape.input_features) + " -> " +
         std::to_string(shape.output_features) + " features, " + std::string(name_of(shape.type));
}

void check(const LinearShape& shape) {
  if (shape.rows < 1 || shape.input_features < 1 || shape.output_features < 1) {
    throw std::invalid_argument("linear " + to_string(shape) + ": all sizes must be at least 1");
  }
  visit_cpu_type(shape.type, [](auto) {});
}

std::unique_ptr<LinearForward> make_linear_forward(Simt, const LinearShape& shape) {
  return make_linear_forward(Cpu{}, shape);
}

std::unique_ptr<LinearBackwardData> make_linear_backward_data(Simt, const LinearShape& shape) {
  return make_linear_backward_data(Cpu{}, shape);
}

std::unique_ptr<LinearBackwardWeights> make_linear_backward_weights(Simt, const LinearShape& shape) {
  return make_linear_backward_weights(Cpu{}, shape);
}

}  // namespace sleight::kernels

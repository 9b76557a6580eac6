// The fully connected layer on the cpu in a build without oneDNN: plain loops.
#include "kernels/linear.h"

#include "kernels/no_onednn/slow_warning.h"

namespace sleight::kernels {

std::unique_ptr<LinearForward> make_linear_forward(Cpu, const LinearShape& shape) {
  warn_of_plain_loops();
  return make_plain_linear_forward(shape);
}

std::unique_ptr<LinearBackwardData> make_linear_backward_data(Cpu, const LinearShape& shape) {
  warn_of_plain_loops();
  return make_plain_linear_backward_data(shape);
}

std::unique_ptr<LinearBackwardWeights> make_linear_backward_weights(Cpu, const LinearShape& shape) {
  warn_of_plain_loops();
  return make_plain_linear_backward_weights(shape);
}

}  // namespace sleight::kernels

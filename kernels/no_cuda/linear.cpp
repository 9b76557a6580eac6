// What make_linear_... says in a build that cannot run on a GPU.
#include "kernels/linear.h"

#include <stdexcept>

namespace sleight::kernels {
namespace {

[[noreturn]] void refuse(const LinearShape& shape) {
  throw std::runtime_error("linear " + to_string(shape) +
                           " on cuda: this build has no cuBLASLt; run on the cpu or simt device");
}

}  // namespace

std::unique_ptr<LinearForward> make_linear_forward(Cuda, const LinearShape& shape) {
  refuse(shape);
}

std::unique_ptr<LinearBackwardData> make_linear_backward_data(Cuda, const LinearShape& shape) {
  refuse(shape);
}

std::unique_ptr<LinearBackwardWeights> make_linear_backward_weights(Cuda, const LinearShape& shape) {
  refuse(shape);
}

}  // namespace sleight::kernels

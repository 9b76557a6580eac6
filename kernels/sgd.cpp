#include "kernels/sgd.h"

#include <stdexcept>
#include <string>

namespace sleight::kernels {

void check_arguments(const Sgd& arguments) {
  const bool gradient_fits =
      arguments.parameter_type == DataType::float64
          ? arguments.gradient_type == DataType::float64
          : arguments.gradient_type == DataType::float32 || arguments.gradient_type == DataType::bfloat16;
  const bool parameter_fits =
      arguments.parameter_type == DataType::float32 || arguments.parameter_type == DataType::float64;
  if (!parameter_fits || !gradient_fits)
    throw std::invalid_argument("sgd: parameters of type " + std::string(name_of(arguments.parameter_type)) +
                                " with gradients of type " + std::string(name_of(arguments.gradient_type)) +
                                "; keep float32 parameters, with float32 or bfloat16 gradients");
}

namespace {

template <class Parameter, class Gradient>
void sgd_typed(const Sgd& arguments) {
  const float* const live = arguments.live_scalars;
  const Parameter learning_rate = Parameter(live[LiveScalar::learning_rate]);
  const Parameter momentum_factor = Parameter(live[LiveScalar::momentum]);
  const Parameter gradient_scale = Parameter(live[LiveScalar::gradient_scale]);
  const bool nesterov = arguments.nesterov;

#pragma omp parallel for schedule(static)
  for (std::int64_t number = 0; number < arguments.tensors.chunk_count; ++number) {
    const TensorChunk chunk = locate_chunk(arguments.tensors, number);
    const SgdTensor& tensor = arguments.tensors.entries[chunk.tensor];
    Parameter* const parameter = static_cast<Parameter*>(tensor.parameter);
    Parameter* const momentum = static_cast<Parameter*>(tensor.momentum);
    const Gradient* const gradient = static_cast<const Gradient*>(tensor.gradient);
    const Parameter decay = Parameter(live[LiveScalar::weight_decay]) * Parameter(tensor.decay);

#pragma omp simd
    for (std::int64_t i = chunk.begin; i < chunk.end; ++i) {
      const Parameter g = Parameter(gradient[i]) * gradient_scale + decay * parameter[i];
      momentum[i] = momentum_factor * momentum[i] + g;
      parameter[i] -= learning_rate * (nesterov ? g + momentum_factor * momentum[i] : momentum[i]);
    }
  }
}

}  // namespace

void sgd(Cpu, const Sgd& arguments) {
  check_arguments(arguments);
  if (found_non_finite(arguments.first_non_finite)) return;
  if (arguments.parameter_type == DataType::float64) return sgd_typed<double, double>(arguments);
  visit_gpu_type(arguments.gradient_type, [&](auto tag) { sgd_typed<float, typename decltype(tag)::type>(arguments); });
}

}  // namespace sleight::kernels

#include "kernels/sgd.h"

#include <stdexcept>
#include <string>

#include "kernels/exponential_moving_average.h"

namespace sleight::kernels {

void check_arguments(const Sgd& arguments) {
  if (arguments.parameter_type != DataType::float32 && arguments.parameter_type != DataType::float64)
    throw std::invalid_argument("sgd: parameters of type " + std::string(name_of(arguments.parameter_type)) +
                                "; keep parameters in float32");
}

SgdTensor sgd_tensor(DataType parameter_type, DataType gradient_type, std::int64_t count, float decay) {
  Sgd arguments;
  arguments.parameter_type = parameter_type;
  check_arguments(arguments);
  const bool fits = gradient_type == DataType::float32 || is_half_width(gradient_type) ||
                    (gradient_type == DataType::float64 && parameter_type == DataType::float64);
  if (!fits)
    throw std::invalid_argument("sgd: parameters of type " + std::string(name_of(parameter_type)) +
                                " with gradients of type " + std::string(name_of(gradient_type)) +
                                "; give float32, bfloat16 or float16 gradients");
  SgdTensor tensor;
  tensor.count = count;
  tensor.decay = decay;
  tensor.gradient_type = gradient_type;
  return tensor;
}

namespace {

template <class Parameter, class Gradient>
void update_chunk(const Sgd& arguments, const SgdTensor& tensor, const TensorChunk& chunk) {
  const float* const live = arguments.live_scalars;
  const Parameter learning_rate = Parameter(live[LiveScalar::learning_rate]);
  const Parameter momentum_factor = Parameter(live[LiveScalar::momentum]);
  const Parameter gradient_scale = Parameter(live[LiveScalar::gradient_scale]);
  const Parameter decay = Parameter(live[LiveScalar::weight_decay]) * Parameter(tensor.decay);
  const bool nesterov = arguments.nesterov;
  Parameter* const parameter = static_cast<Parameter*>(tensor.parameter);
  Parameter* const momentum = static_cast<Parameter*>(tensor.momentum);
  const Gradient* const gradient = static_cast<const Gradient*>(tensor.gradient);

#pragma omp simd
  for (std::int64_t i = chunk.begin; i < chunk.end; ++i) {
    const Parameter g = Parameter(gradient[i]) * gradient_scale + decay * parameter[i];
    momentum[i] = momentum_factor * momentum[i] + g;
    parameter[i] -= learning_rate * (nesterov ? g + momentum_factor * momentum[i] : momentum[i]);
  }
  if (tensor.average == nullptr) return;

  // A loop of its own: the chunk is still in the cache.
  const Parameter ema_decay = Parameter(live[LiveScalar::ema_decay]);
  Parameter* const average = static_cast<Parameter*>(tensor.average);
#pragma omp simd
  for (std::int64_t i = chunk.begin; i < chunk.end; ++i)
    average[i] = moved_average(average[i], parameter[i], ema_decay);
}

template <class Parameter>
void sgd_typed(const Sgd& arguments) {
#pragma omp parallel for schedule(static)
  for (std::int64_t number = 0; number < arguments.tensors.chunk_count; ++number) {
    const TensorChunk chunk = locate_chunk(arguments.tensors, number);
    const SgdTensor& tensor = arguments.tensors.entries[chunk.tensor];
    visit_cpu_type(tensor.gradient_type,
                   [&]<class T>(TypeTag<T>) { update_chunk<Parameter, T>(arguments, tensor, chunk); });
  }
}

}  // namespace

void sgd(Cpu, const Sgd& arguments) {
  check_arguments(arguments);
  if (found_non_finite(arguments.first_non_finite)) return;
  if (arguments.parameter_type == DataType::float64) return sgd_typed<double>(arguments);
  sgd_typed<float>(arguments);
}

}  // namespace sleight::kernels

#include "kernels/sgd.h"

#include "kernels/exponential_moving_average.h"
#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"

namespace sleight::kernels {

namespace {

// This block's share of a chunk.
template <class Gradient>
__device__ void update_chunk(const Sgd& arguments, const SgdTensor& tensor, const TensorChunk& chunk) {
  constexpr int lanes = pack_lanes<float>;
  float* const parameter = static_cast<float*>(tensor.parameter) + chunk.begin;
  float* const momentum = static_cast<float*>(tensor.momentum) + chunk.begin;
  float* const average = static_cast<float*>(tensor.average) + (tensor.average == nullptr ? 0 : chunk.begin);
  const Gradient* const gradient = static_cast<const Gradient*>(tensor.gradient) + chunk.begin;

  const float learning_rate = arguments.live_scalars[LiveScalar::learning_rate];
  const float momentum_factor = arguments.live_scalars[LiveScalar::momentum];
  const float gradient_scale = arguments.live_scalars[LiveScalar::gradient_scale];
  const float ema_decay = arguments.live_scalars[LiveScalar::ema_decay];
  const float decay = arguments.live_scalars[LiveScalar::weight_decay] * tensor.decay;
  const bool nesterov = arguments.nesterov;

  for_each_pack_in_block<lanes>(chunk.end - chunk.begin, [&](std::int64_t first, int valid) {
    const Lanes<lanes> raw_gradient = load_lanes<lanes>(gradient + first, valid);
    Lanes<lanes> weights = load_lanes<lanes>(parameter + first, valid);
    Lanes<lanes> velocity = load_lanes<lanes>(momentum + first, valid);
    for (int i = 0; i < lanes; ++i) {
      const float g = raw_gradient[i] * gradient_scale + decay * weights[i];
      velocity[i] = momentum_factor * velocity[i] + g;
      weights[i] -= learning_rate * (nesterov ? g + momentum_factor * velocity[i] : velocity[i]);
    }
    store_lanes(momentum + first, velocity, valid);
    store_lanes(parameter + first, weights, valid);
    if (average == nullptr) return;
    Lanes<lanes> mean = load_lanes<lanes>(average + first, valid);
    for (int i = 0; i < lanes; ++i)
      mean[i] = moved_average(mean[i], weights[i], ema_decay);
    store_lanes(average + first, mean, valid);
  });
}

// One block per chunk; all its threads take the same branch.
__global__ void sgd_kernel(Sgd arguments) {
  if (found_non_finite(arguments.first_non_finite)) return;
  const TensorChunk chunk = locate_chunk(arguments.tensors, blockIdx.x);
  const SgdTensor tensor = arguments.tensors.entries[chunk.tensor];
  if (tensor.gradient_type == DataType::bfloat16) {
    update_chunk<bfloat16>(arguments, tensor, chunk);
  } else if (tensor.gradient_type == DataType::float16) {
    update_chunk<float16>(arguments, tensor, chunk);
  } else {
    update_chunk<float>(arguments, tensor, chunk);
  }
}

}  // namespace

void sgd(Target target, const Sgd& arguments) {
  check_arguments(arguments);
  if (arguments.parameter_type != DataType::float32)
    throw std::invalid_argument("sgd: the GPU keeps parameters in float32");
  const LaunchShape shape{dim3(blocks_for(arguments.tensors.chunk_count, 1)), dim3(256)};
  launch(target, "sgd", sgd_kernel, shape, arguments);
}

}  // namespace sleight::kernels

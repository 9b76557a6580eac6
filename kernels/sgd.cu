#include "kernels/launch.h"
#include "kernels/pack.h"
#include "kernels/sgd.h"

namespace sleight::kernels {

namespace {

// One block per chunk.
template <class Gradient>
__global__ void sgd_kernel(Sgd arguments) {
  if (found_non_finite(arguments.first_non_finite)) return;
  constexpr int lanes = pack_lanes<float>;
  const TensorChunk chunk = locate_chunk(arguments.tensors, blockIdx.x);
  const SgdTensor tensor = arguments.tensors.entries[chunk.tensor];
  float* const parameter = static_cast<float*>(tensor.parameter) + chunk.begin;
  float* const momentum = static_cast<float*>(tensor.momentum) + chunk.begin;
  const Gradient* const gradient = static_cast<const Gradient*>(tensor.gradient) + chunk.begin;

  const float learning_rate = arguments.live_scalars[LiveScalar::learning_rate];
  const float momentum_factor = arguments.live_scalars[LiveScalar::momentum];
  const float gradient_scale = arguments.live_scalars[LiveScalar::gradient_scale];
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
  });
}

}  // namespace

void sgd(Target target, const Sgd& arguments) {
  check_arguments(arguments);
  visit_gpu_type(arguments.gradient_type, [&](auto tag) {
    const LaunchShape shape{dim3(blocks_for(arguments.tensors.chunk_count, 1)), dim3(256)};
    launch(target, "sgd", sgd_kernel<typename decltype(tag)::type>, shape, arguments);
  });
}

}  // namespace sleight::kernels

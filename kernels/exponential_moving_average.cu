#include "kernels/exponential_moving_average.h"

#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"

namespace sleight::kernels {

namespace {

// One block per chunk.
__global__ void exponential_moving_average_kernel(ExponentialMovingAverage arguments) {
  if (found_non_finite(arguments.first_non_finite)) return;
  constexpr int lanes = pack_lanes<float>;
  const TensorChunk chunk = locate_chunk(arguments.tensors, blockIdx.x);
  const AveragedTensor tensor = arguments.tensors.entries[chunk.tensor];
  float* const average = static_cast<float*>(tensor.average) + chunk.begin;
  const float* const weights = static_cast<const float*>(tensor.weights) + chunk.begin;
  const float decay = arguments.live_scalars[LiveScalar::ema_decay];

  for_each_pack_in_block<lanes>(chunk.end - chunk.begin, [&](std::int64_t first, int valid) {
    Lanes<lanes> value = load_lanes<lanes>(average + first, valid);
    const Lanes<lanes> weight = load_lanes<lanes>(weights + first, valid);
    for (int i = 0; i < lanes; ++i)
      value[i] = moved_average(value[i], weight[i], decay);
    store_lanes(average + first, value, valid);
  });
}

}  // namespace

void exponential_moving_average(Target target, const ExponentialMovingAverage& arguments) {
  check_arguments(arguments);
  if (arguments.type != DataType::float32)
    throw std::invalid_argument("exponential_moving_average: the GPU keeps averages in float32");
  const LaunchShape shape{dim3(blocks_for(arguments.tensors.chunk_count, 1)), dim3(256)};
  launch(target, "exponential_moving_average", exponential_moving_average_kernel, shape, arguments);
}

}  // namespace sleight::kernels

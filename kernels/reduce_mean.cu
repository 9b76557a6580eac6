#include "kernels/reduce_mean.h"

#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"
#include "kernels/lib/reduce.h"

namespace sleight::kernels {

namespace {

constexpr int lanes = pack_lanes<float>;

// One block.
__global__ void forward_kernel(const float* values, std::int64_t count, float* mean) {
  float sum = 0;
  for_each_pack_in_block<lanes>(count, [&](std::int64_t first, int valid) {
    const Lanes<lanes> pack = load_lanes<lanes>(values + first, valid);
    for (int i = 0; i < lanes; ++i)
      sum += pack[i];
  });
  sum = block_sum(sum);
  if (threadIdx.x == 0) *mean = sum / static_cast<float>(count);
}

__global__ void backward_kernel(const float* mean_gradient, std::int64_t count, float* gradient) {
  const Lanes<lanes> value = filled_lanes<lanes>(*mean_gradient / static_cast<float>(count));
  for_each_pack<lanes>(count, [&](std::int64_t first, int valid) { store_lanes(gradient + first, value, valid); });
}

void check_type(DataType type) {
  if (type != DataType::float32)
    throw std::invalid_argument("reduce_mean: the GPU keeps losses in float32, not in " + std::string(name_of(type)));
}

}  // namespace

void reduce_mean_forward(Target target, const ReduceMeanForward& arguments) {
  check_arguments(arguments);
  check_type(arguments.type);
  launch(target, "reduce_mean_forward", forward_kernel, {dim3(1), dim3(256)},
         static_cast<const float*>(arguments.values), arguments.count, static_cast<float*>(arguments.mean));
}

void reduce_mean_backward(Target target, const ReduceMeanBackward& arguments) {
  check_arguments(arguments);
  check_type(arguments.type);
  launch(target, "reduce_mean_backward", backward_kernel, pack_shape(arguments.count, lanes),
         static_cast<const float*>(arguments.mean_gradient), arguments.count, static_cast<float*>(arguments.gradient));
}

}  // namespace sleight::kernels

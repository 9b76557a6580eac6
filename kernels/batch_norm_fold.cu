#include "kernels/batch_norm_fold.h"

#include "kernels/batch_norm_fold_channel.h"
#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"

namespace sleight::kernels {
namespace {

// One thread per channel: a few thousand numbers in all.
template <class T>
__global__ void scale_shift_kernel(BatchNormScaleShift arguments) {
  const std::int64_t channel = thread_in_grid();
  if (channel < arguments.channels) batch_norm_scale_shift_channel<T>(arguments, channel);
}

__global__ void finish_sums_kernel(BatchNormFinishSums arguments) {
  const std::int64_t channel = thread_in_grid();
  if (channel < arguments.channels) batch_norm_finish_sums_channel<float>(arguments, channel);
}

LaunchShape one_thread_per_channel(std::int64_t channels) {
  return {dim3(blocks_for(channels, 128)), dim3(128)};
}

}  // namespace

void batch_norm_scale_shift(Target target, const BatchNormScaleShift& arguments) {
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    launch(target, "batch_norm_scale_shift", scale_shift_kernel<T>, one_thread_per_channel(arguments.channels),
           arguments);
  });
}

void batch_norm_finish_sums(Target target, const BatchNormFinishSums& arguments) {
  visit_gpu_type(arguments.type, [](auto) {});  // a type that has no kernels is refused
  launch(target, "batch_norm_finish_sums", finish_sums_kernel, one_thread_per_channel(arguments.channels), arguments);
}

}  // namespace sleight::kernels

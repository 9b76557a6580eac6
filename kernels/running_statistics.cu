#include "kernels/running_statistics.h"

#include "kernels/lib/launch.h"

namespace sleight::kernels {

namespace {

constexpr unsigned threads = 256;  // known to the compiler, which divides by it where it unrolls the loop

// One block per chunk. A chunk is one layer's channels, a few hundred: nothing that packs would make faster.
__global__ void running_statistics_kernel(RunningStatistics arguments) {
  if (found_non_finite(arguments.first_non_finite)) return;
  const TensorChunk chunk = locate_chunk(arguments.tensors, blockIdx.x);
  const RunningStatistic tensor = arguments.tensors.entries[chunk.tensor];
  float* const running = static_cast<float*>(tensor.running);
  const float* const batch = static_cast<const float*>(tensor.batch);
  for (std::int64_t i = chunk.begin + threadIdx.x; i < chunk.end; i += threads)
    running[i] = moved_statistic(running[i], batch[i], tensor.momentum);
}

}  // namespace

void running_statistics(Target target, const RunningStatistics& arguments) {
  check_arguments(arguments);
  if (arguments.type != DataType::float32)
    throw std::invalid_argument("running_statistics: the GPU keeps statistics in float32");
  const LaunchShape shape{dim3(blocks_for(arguments.tensors.chunk_count, 1)), dim3(threads)};
  launch(target, "running_statistics", running_statistics_kernel, shape, arguments);
}

}  // namespace sleight::kernels

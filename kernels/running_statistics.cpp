#include "kernels/running_statistics.h"

#include <stdexcept>
#include <string>

namespace sleight::kernels {

void check_arguments(const RunningStatistics& arguments) {
  if (arguments.type != DataType::float32 && arguments.type != DataType::float64)
    throw std::invalid_argument("running_statistics: element type " + std::string(name_of(arguments.type)) +
                                "; keep statistics in float32");
}

namespace {

template <class T>
void running_statistics_typed(const RunningStatistics& arguments) {
#pragma omp parallel for schedule(static)
  for (std::int64_t number = 0; number < arguments.tensors.chunk_count; ++number) {
    const TensorChunk chunk = locate_chunk(arguments.tensors, number);
    const RunningStatistic& tensor = arguments.tensors.entries[chunk.tensor];
    T* const running = static_cast<T*>(tensor.running);
    const T* const batch = static_cast<const T*>(tensor.batch);
    for (std::int64_t i = chunk.begin; i < chunk.end; ++i)
      running[i] = moved_statistic(running[i], batch[i], tensor.momentum);
  }
}

}  // namespace

void running_statistics(Cpu, const RunningStatistics& arguments) {
  check_arguments(arguments);
  if (found_non_finite(arguments.first_non_finite)) return;
  if (arguments.type == DataType::float64) return running_statistics_typed<double>(arguments);
  running_statistics_typed<float>(arguments);
}

}  // namespace sleight::kernels

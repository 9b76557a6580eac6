#include "kernels/exponential_moving_average.h"

#include <stdexcept>
#include <string>

namespace sleight::kernels {

void check_arguments(const ExponentialMovingAverage& arguments) {
  if (arguments.type != DataType::float32 && arguments.type != DataType::float64)
    throw std::invalid_argument("exponential_moving_average: element type " + std::string(name_of(arguments.type)) +
                                "; keep averages in float32");
}

namespace {

template <class T>
void exponential_moving_average_typed(const ExponentialMovingAverage& arguments) {
  const T decay = T(arguments.live_scalars[LiveScalar::ema_decay]);

#pragma omp parallel for schedule(static)
  for (std::int64_t number = 0; number < arguments.tensors.chunk_count; ++number) {
    const TensorChunk chunk = locate_chunk(arguments.tensors, number);
    const AveragedTensor& tensor = arguments.tensors.entries[chunk.tensor];
    T* const average = static_cast<T*>(tensor.average);
    const T* const weights = static_cast<const T*>(tensor.weights);

#pragma omp simd
    for (std::int64_t i = chunk.begin; i < chunk.end; ++i)
      average[i] = moved_average(average[i], weights[i], decay);
  }
}

}  // namespace

void exponential_moving_average(Cpu, const ExponentialMovingAverage& arguments) {
  check_arguments(arguments);
  if (found_non_finite(arguments.first_non_finite)) return;
  if (arguments.type == DataType::float64) return exponential_moving_average_typed<double>(arguments);
  exponential_moving_average_typed<float>(arguments);
}

}  // namespace sleight::kernels

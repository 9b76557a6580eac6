#include "kernels/first_non_finite.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace sleight::kernels {

CheckedTensor checked_tensor(const void* data, std::int64_t count, DataType type) {
  if (type != DataType::float32 && type != DataType::bfloat16 && type != DataType::float64)
    throw std::invalid_argument("first_non_finite: element type " + std::string(name_of(type)) +
                                " has no NaN and no infinity; leave the tensor out of the list");
  return {data, count, 0, type};
}

namespace {

// The first element of [begin, end) that is not finite, or -1.
template <class T>
std::int64_t find_in(const T* data, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) {
    if (!std::isfinite(Accumulator<T>(data[i]))) return i;
  }
  return -1;
}

}  // namespace

void first_non_finite(Cpu, const FirstNonFinite& arguments) {
  const TensorList<CheckedTensor>& tensors = arguments.tensors;

#pragma omp parallel for schedule(static)
  for (std::int64_t number = 0; number < tensors.chunk_count; ++number) {
    const TensorChunk chunk = locate_chunk(tensors, number);
    const CheckedTensor& tensor = tensors.entries[chunk.tensor];
    std::int64_t found = -1;
    visit_cpu_type(tensor.type, [&](auto tag) {
      using T = typename decltype(tag)::type;
      found = find_in(static_cast<const T*>(tensor.data), chunk.begin, chunk.end);
    });
    arguments.workspace[number] = found < 0 ? -1 : static_cast<std::int32_t>(found - chunk.begin);
  }

  arguments.result[0] = arguments.result[1] = -1;
  for (std::int64_t number = 0; number < tensors.chunk_count; ++number) {
    if (arguments.workspace[number] < 0) continue;
    const TensorChunk chunk = locate_chunk(tensors, number);
    arguments.result[0] = chunk.tensor;
    arguments.result[1] = chunk.begin + arguments.workspace[number];
    return;
  }
}

}  // namespace sleight::kernels

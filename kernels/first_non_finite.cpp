#include "kernels/first_non_finite.h"

#include <bit>
#include <stdexcept>
#include <string>
#include <vector>

namespace sleight::kernels {

CheckedTensor checked_tensor(const void* data, std::int64_t count, DataType type) {
  if (!is_floating_point(type))
    throw std::invalid_argument("first_non_finite: element type " + std::string(name_of(type)) +
                                " has no NaN and no infinity; leave the tensor out of the list");
  return {data, count, 0, type};
}

namespace {

// Not finite means that the exponent's bits are all ones.
template <class T>
struct Bits;
template <>
struct Bits<float> {
  using Word = std::uint32_t;
  static constexpr Word exponent = 0x7f800000U;
};
template <>
struct Bits<double> {
  using Word = std::uint64_t;
  static constexpr Word exponent = 0x7ff0000000000000ULL;
};
template <>
struct Bits<bfloat16> {
  using Word = std::uint16_t;
  static constexpr Word exponent = 0x7f80U;
};
template <>
struct Bits<float16> {
  using Word = std::uint16_t;
  static constexpr Word exponent = 0x7c00U;
};

template <class T>
bool is_finite(T value) {
  const auto word = std::bit_cast<typename Bits<T>::Word>(value);
  return (word & Bits<T>::exponent) != Bits<T>::exponent;
}

// The first element of [begin, end) that is not finite, or -1. Asks first whether there is any: without a way out of
// the middle, that loop is a few vector instructions, and it is the answer in every step of a healthy run.
template <class T>
std::int64_t find_in(const T* data, std::int64_t begin, std::int64_t end) {
  typename Bits<T>::Word largest = 0;
#pragma omp simd reduction(max : largest)
  for (std::int64_t i = begin; i < end; ++i) {
    const typename Bits<T>::Word exponent = std::bit_cast<typename Bits<T>::Word>(data[i]) & Bits<T>::exponent;
    largest = exponent > largest ? exponent : largest;
  }
  if (largest != Bits<T>::exponent) return -1;
  std::int64_t i = begin;
  while (is_finite(data[i]))
    ++i;
  return i;
}

}  // namespace

void first_non_finite(Cpu, const FirstNonFinite& arguments) {
  const TensorList<CheckedTensor>& tensors = arguments.tensors;

#pragma omp parallel for schedule(static)
  for (std::int64_t number = 0; number < tensors.chunk_count; ++number) {
    const TensorChunk chunk = locate_chunk(tensors, number);
    const CheckedTensor& tensor = tensors.entries[chunk.tensor];
    std::int64_t found = -1;
    visit_cpu_type(tensor.type, [&]<class T>(TypeTag<T>) {
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

std::int64_t first_non_finite_element(const void* data, std::int64_t count, DataType type) {
  CheckedTensor tensor = checked_tensor(data, count, type);
  const std::int64_t chunks = number_chunks(std::span(&tensor, 1));
  std::vector<std::int32_t> workspace(static_cast<std::size_t>(chunks));
  std::int64_t result[2] = {-1, -1};
  first_non_finite(Cpu{}, {{&tensor, 1, chunks}, workspace.data(), result});
  return result[1];
}

}  // namespace sleight::kernels

#include "kernels/cast.h"

#include <stdexcept>
#include <string>

namespace sleight::kernels {

void check_cast(DataType from, DataType to) {
  for (const DataType type : {from, to}) {
    if (!is_floating_point(type))
      throw std::invalid_argument("cast: element type " + std::string(name_of(type)) +
                                  "; only floating-point types are converted");
  }
}

namespace {

template <class From, class To>
To convert(From value) {
  // 16 bits are made from float32 only, and an equal type is copied bit by bit.
  if constexpr (std::is_same_v<From, To>) {
    return value;
  } else if constexpr (sizeof(To) == 2) {
    return To(static_cast<float>(value));
  } else {
    return static_cast<To>(value);
  }
}

template <class From, class To>
void cast_typed(const Cast& arguments) {
  const From* const from = static_cast<const From*>(arguments.from);
  To* const to = static_cast<To*>(arguments.to);
#pragma omp parallel for simd schedule(static)
  for (std::int64_t i = 0; i < arguments.count; ++i)
    to[i] = convert<From, To>(from[i]);
}

template <class From, class To>
void cast_list_typed(const CastList& arguments) {
#pragma omp parallel for schedule(static)
  for (std::int64_t number = 0; number < arguments.tensors.chunk_count; ++number) {
    const TensorChunk chunk = locate_chunk(arguments.tensors, number);
    const CastTensor& tensor = arguments.tensors.entries[chunk.tensor];
    const From* const from = static_cast<const From*>(tensor.from);
    To* const to = static_cast<To*>(tensor.to);
#pragma omp simd
    for (std::int64_t i = chunk.begin; i < chunk.end; ++i)
      to[i] = convert<From, To>(from[i]);
  }
}

}  // namespace

void cast(Cpu, const Cast& arguments) {
  check_cast(arguments.from_type, arguments.to_type);
  visit_cpu_type(arguments.from_type, [&]<class From>(TypeTag<From>) {
    visit_cpu_type(arguments.to_type, [&]<class To>(TypeTag<To>) { cast_typed<From, To>(arguments); });
  });
}

void cast_list(Cpu, const CastList& arguments) {
  check_cast(arguments.from_type, arguments.to_type);
  visit_cpu_type(arguments.from_type, [&]<class From>(TypeTag<From>) {
    visit_cpu_type(arguments.to_type, [&]<class To>(TypeTag<To>) { cast_list_typed<From, To>(arguments); });
  });
}

}  // namespace sleight::kernels

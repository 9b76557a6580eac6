#include "kernels/cast.h"

#include <stdexcept>
#include <string>

namespace sleight::kernels {

void check_arguments(const Cast& arguments) {
  for (const DataType type : {arguments.from_type, arguments.to_type}) {
    if (type != DataType::float32 && type != DataType::bfloat16 && type != DataType::float64)
      throw std::invalid_argument("cast: element type " + std::string(name_of(type)) +
                                  "; only floating-point types are converted");
  }
}

namespace {

template <class From, class To>
To convert(From value) {
  // bfloat16 is made from float32 only, and an equal type is copied bit by bit.
  if constexpr (std::is_same_v<From, To>) {
    return value;
  } else if constexpr (std::is_same_v<To, bfloat16>) {
    return bfloat16(static_cast<float>(value));
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

}  // namespace

void cast(Cpu, const Cast& arguments) {
  check_arguments(arguments);
  visit_cpu_type(arguments.from_type, [&](auto from_tag) {
    visit_cpu_type(arguments.to_type, [&](auto to_tag) {
      cast_typed<typename decltype(from_tag)::type, typename decltype(to_tag)::type>(arguments);
    });
  });
}

}  // namespace sleight::kernels

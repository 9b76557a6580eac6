// The element types every part of the engine agrees on. Host and device code alike; knows nothing else.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "kernels/lib/bfloat16.h"
#include "kernels/lib/float16.h"
#include "kernels/lib/host_device.h"

namespace sleight {

enum class DataType : std::uint8_t { float32, float64, bfloat16, int32, int64, uint8, float16 };

constexpr std::int64_t size_of(DataType type) {
  switch (type) {
    case DataType::float32:
    case DataType::int32:
      return 4;
    case DataType::float64:
    case DataType::int64:
      return 8;
    case DataType::bfloat16:
    case DataType::float16:
      return 2;
    case DataType::uint8:
      return 1;
  }
  return 0;
}

constexpr std::string_view name_of(DataType type) {
  switch (type) {
    case DataType::float32:
      return "float32";
    case DataType::float64:
      return "float64";
    case DataType::bfloat16:
      return "bfloat16";
    case DataType::int32:
      return "int32";
    case DataType::int64:
      return "int64";
    case DataType::uint8:
      return "uint8";
    case DataType::float16:
      return "float16";
  }
  return "unknown";
}

template <class T>
constexpr DataType data_type_of();
template <>
constexpr DataType data_type_of<float>() {
  return DataType::float32;
}
template <>
constexpr DataType data_type_of<double>() {
  return DataType::float64;
}
template <>
constexpr DataType data_type_of<bfloat16>() {
  return DataType::bfloat16;
}
template <>
constexpr DataType data_type_of<std::int32_t>() {
  return DataType::int32;
}
template <>
constexpr DataType data_type_of<std::int64_t>() {
  return DataType::int64;
}
template <>
constexpr DataType data_type_of<std::uint8_t>() {
  return DataType::uint8;
}

template <>
constexpr DataType data_type_of<float16>() {
  return DataType::float16;
}

// An element type as an argument: a function [&]<class T>(TypeTag<T>) is called with it.
template <class T>
struct TypeTag {};

// Whether numbers of this type have fractions, infinities and NaN.
constexpr bool is_floating_point(DataType type) {
  return type == DataType::float32 || type == DataType::float64 || type == DataType::bfloat16 ||
         type == DataType::float16;
}
// Storage of 16 bits: read and written as float32.
constexpr bool is_half_width(DataType type) {
  return type == DataType::bfloat16 || type == DataType::float16;
}

// The type sums are kept in: float64 for float64, float32 for all else.
template <class T>
struct AccumulatorOf {
  using type = float;
};
template <>
struct AccumulatorOf<double> {
  using type = double;
};
template <class T>
using Accumulator = typename AccumulatorOf<T>::type;

// Calls function(TypeTag<T>{}), written [&]<class T>(TypeTag<T>) { ... }, for the storage type, and gives what it
// returns; throws std::invalid_argument for any other type. The GPU stores activations as float32, bfloat16 or float16;
// the CPU also computes in float64, for reference and gradient checks.
template <class Function>
decltype(auto) visit_gpu_type(DataType type, Function&& function) {
  switch (type) {
    case DataType::float32:
      return function(TypeTag<float>{});
    case DataType::bfloat16:
      return function(TypeTag<bfloat16>{});
    case DataType::float16:
      return function(TypeTag<float16>{});
    default:
      throw std::invalid_argument("no such kernel for element type " + std::string(name_of(type)));
  }
}

template <class Function>
decltype(auto) visit_cpu_type(DataType type, Function&& function) {
  if (type == DataType::float64) return function(TypeTag<double>{});
  return visit_gpu_type(type, function);
}

}  // namespace sleight

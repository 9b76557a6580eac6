// Tensors of other programs, whose floating-point numbers have other widths.
#include <cmath>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/checkpoint/safetensors.h"

namespace sleight {

namespace {

// A tensor in a file may be unaligned.
template <class T>
T value_at(const SafetensorsEntry& entry, std::size_t element) {
  T value;
  std::memcpy(&value, entry.bytes.data() + element * sizeof(T), sizeof(T));
  return value;
}

template <class T>
std::optional<NonFiniteNumber> first_non_finite_of(const SafetensorsEntry& entry) {
  for (std::size_t i = 0; i < entry.bytes.size() / sizeof(T); ++i) {
    const auto value = static_cast<double>(value_at<T>(entry, i));
    if (!std::isfinite(value)) return NonFiniteNumber{i, value};
  }
  return std::nullopt;
}

template <class T>
void convert_values(const SafetensorsEntry& entry, std::span<float> destination) {
  for (std::size_t i = 0; i < destination.size(); ++i) {
    const T value = value_at<T>(entry, i);
    destination[i] = static_cast<float>(value);
    check(std::isfinite(destination[i]) || !std::isfinite(static_cast<double>(value)), "tensor ", shown(entry.name),
          " holds ", static_cast<double>(value), " at element ", i, ", beyond float32");
  }
}

}  // namespace

std::optional<NonFiniteNumber> first_non_finite(const SafetensorsEntry& entry) {
  switch (entry.type) {
    case DataType::float32:
      return first_non_finite_of<float>(entry);
    case DataType::float64:
      return first_non_finite_of<double>(entry);
    case DataType::bfloat16:
      return first_non_finite_of<bfloat16>(entry);
    case DataType::float16:
      return first_non_finite_of<float16>(entry);
    default:
      return std::nullopt;
  }
}

std::vector<float> float32_values(const SafetensorsEntry& entry) {
  check(is_floating_point(entry.type), "tensor ", shown(entry.name), " holds ", name_of(entry.type),
        ", not floating-point numbers");
  std::vector<float> values(entry.bytes.size() / static_cast<std::size_t>(size_of(entry.type)));
  if (entry.type == DataType::float64) {
    convert_values<double>(entry, values);
  } else if (entry.type == DataType::bfloat16) {
    convert_values<bfloat16>(entry, values);
  } else if (entry.type == DataType::float16) {
    convert_values<float16>(entry, values);
  } else {
    copy_values(entry, std::span(values));
  }
  return values;
}

}  // namespace sleight

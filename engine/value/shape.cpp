#include "engine/value/shape.h"

#include "engine/base/error.h"

namespace sleight {

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    check(extent >= 0, "a tensor of shape ", to_string(shape), " has a negative extent");
    check(!__builtin_mul_overflow(count, extent, &count), "a tensor of shape ", to_string(shape),
          " has too many elements");
  }
  return count;
}

std::string to_string(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (const std::int64_t extent : shape)
    text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

}  // namespace sleight

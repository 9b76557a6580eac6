// The inner loop of resizing along columns.
#pragma once

#include <cstdint>

namespace sleight {

// sums[i] = weight * bytes[i]; or += if the row already holds sums.
inline void accumulate_row(float* sums, const std::uint8_t* bytes, std::int64_t count, float weight, bool first) {
  if (first) {
    for (std::int64_t i = 0; i < count; ++i)
      sums[i] = weight * static_cast<float>(bytes[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i)
      sums[i] += weight * static_cast<float>(bytes[i]);
  }
}

}  // namespace sleight

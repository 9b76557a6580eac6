// The sliding window of a pooling kernel and the size of what it produces.
//
//   output size = floor((size + 2 * padding - kernel) / stride) + 1         with ceil_mode: ceil instead of floor, but
//                                                                           no window that starts after the input
//
// Source: the definitions of PyTorch's MaxPool2d and AvgPool2d.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "kernels/lib/activation_view.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct PoolWindow {
  std::int64_t kernel = 2;
  std::int64_t stride = 2;
  std::int64_t padding = 0;
  bool ceil_mode = false;
};

// std::invalid_argument unless 1 <= kernel <= 16, stride >= 1 and 0 <= 2 * padding <= kernel, which also guarantees
// that every window covers at least one real pixel; or if the input is smaller than the window.
inline std::int64_t pooled_size(std::int64_t size, const PoolWindow& window) {
  const auto [kernel, stride, padding, ceil_mode] = window;
  if (kernel < 1 || kernel > 16 || stride < 1 || padding < 0 || 2 * padding > kernel || size + 2 * padding < kernel)
    throw std::invalid_argument("pooling: kernel " + std::to_string(kernel) + ", stride " + std::to_string(stride) +
                                ", padding " + std::to_string(padding) + " over a size of " + std::to_string(size) +
                                "; needed: kernel 1 to 16, stride >= 1, 0 <= padding <= kernel / 2, size + 2 * "
                                "padding >= kernel");
  const std::int64_t room = size + 2 * padding - kernel;
  std::int64_t count = (ceil_mode ? (room + stride - 1) / stride : room / stride) + 1;
  if ((count - 1) * stride >= size + padding) --count;
  return count;
}

inline ActivationView pooled_view(ActivationView input, const PoolWindow& window) {
  input.height = pooled_size(input.height, window);
  input.width = pooled_size(input.width, window);
  return input;
}

// Along one axis: the real pixels [begin, end) under output o, or the outputs [begin, end) whose window covers pixel i.
struct PoolRange {
  std::int64_t begin;
  std::int64_t end;
};

SLEIGHT_HOST_DEVICE inline PoolRange window_pixels(std::int64_t output, std::int64_t size, const PoolWindow& window) {
  const std::int64_t start = output * window.stride - window.padding;
  const std::int64_t stop = start + window.kernel;
  return {start < 0 ? 0 : start, stop < size ? stop : size};
}

SLEIGHT_HOST_DEVICE inline PoolRange covering_windows(std::int64_t pixel, std::int64_t pooled,
                                                      const PoolWindow& window) {
  const std::int64_t shifted = pixel + window.padding;
  const std::int64_t first = shifted < window.kernel ? 0 : (shifted - window.kernel) / window.stride + 1;
  const std::int64_t stop = shifted / window.stride + 1;
  return {first, stop < pooled ? stop : pooled};
}

}  // namespace sleight::kernels

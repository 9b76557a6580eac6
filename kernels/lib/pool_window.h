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
#include <type_traits>

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
// `Integer` is std::int64_t on the cpu and int on a GPU, where `Window` is one of kernels/lib/pool_walk.h.
template <class Integer>
struct PoolRange {
  Integer begin;
  Integer end;

  SLEIGHT_HOST_DEVICE bool contains(Integer i) const { return i >= begin && i < end; }
};

template <class Integer, class Window>
SLEIGHT_HOST_DEVICE inline PoolRange<Integer> window_pixels(Integer output, std::type_identity_t<Integer> size,
                                                            const Window& window) {
  const Integer start = output * window.stride - window.padding;
  const Integer stop = start + window.kernel;
  return {start < 0 ? 0 : start, stop < size ? stop : size};
}

template <class Integer, class Window>
SLEIGHT_HOST_DEVICE inline PoolRange<Integer> covering_windows(Integer pixel, std::type_identity_t<Integer> pooled,
                                                               const Window& window) {
  const Integer shifted = pixel + window.padding;
  const Integer first = shifted < window.kernel ? 0 : (shifted - window.kernel) / window.stride + 1;
  const Integer stop = shifted / window.stride + 1;
  return {first, stop < pooled ? stop : pooled};
}

}  // namespace sleight::kernels

// How the CUDA kernels of windowed poolings walk over the pixels of a window, and over the windows of a pixel. The two
// windows that networks use are constants of the compiler: no division is left, and all loads of a pack are made before
// the first is used. Any other window, and channels or addresses that do not cut into whole packs, take a loop.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/lib/activation_view.h"
#include "kernels/lib/image_rows.h"
#include "kernels/lib/pack.h"
#include "kernels/lib/pool_window.h"

namespace sleight::kernels {
inline namespace SLEIGHT_TARGET_NAMESPACE {

struct AnyWindow {
  int kernel;
  int stride;
  int padding;
};

// All packs are whole and aligned.
template <int Kernel, int Stride, int Padding>
struct FixedWindow {
  static constexpr int kernel = Kernel;
  static constexpr int stride = Stride;
  static constexpr int padding = Padding;
};

// Calls function(window) with the window of that size. `aligned`: every pack of every tensor is whole and aligned.
template <class Function>
void visit_window(const PoolWindow& window, bool aligned, Function&& function) {
  const auto is = [&](int kernel, int stride, int padding) {
    return aligned && window.kernel == kernel && window.stride == stride && window.padding == padding;
  };
  if (is(3, 2, 1)) {
    function(FixedWindow<3, 2, 1>{});
  } else if (is(2, 2, 0)) {
    function(FixedWindow<2, 2, 0>{});
  } else {
    // With a longer stride there is one output, whatever the stride.
    constexpr std::int64_t longest = 1 << 30;
    function(AnyWindow{static_cast<int>(window.kernel), static_cast<int>(std::min(window.stride, longest)),
                       static_cast<int>(window.padding)});
  }
}

// Whether N channels at a time are whole packs, with the same address as the first.
template <int N, class T>
bool whole_packs(const ActivationView& view, const T* data) {
  return view.lanes % N == 0 && WideAccess<T, N>::possible(data, N);
}

// Loads and stores of a pack, as the kernels of a window make them.
template <int N, class T>
__device__ inline RawLanes<T, N> load_pack(AnyWindow, const T* from, int valid) {
  return load_raw<N>(from, valid);
}
template <int N, class T, int Kernel, int Stride, int Padding>
__device__ inline RawLanes<T, N> load_pack(FixedWindow<Kernel, Stride, Padding>, const T* from, int) {
  return load_raw_aligned<N>(from);
}
template <int N, class T, class Value>
__device__ inline void store_pack(AnyWindow, T* to, const Lanes<N, Value>& lanes, int valid) {
  store_lanes(to, lanes, valid);
}
template <int N, class T, class Value, int Kernel, int Stride, int Padding>
__device__ inline void store_pack(FixedWindow<Kernel, Stride, Padding>, T* to, const Lanes<N, Value>& lanes, int) {
  store_lanes_aligned(to, lanes);
}

// body(place, load(offset)) for the real pixels under the window of an output, in row-major order; place = row * kernel
// + column, within the window; the offset is that of the pixel in its image.
template <class Load, class Body>
__device__ inline void for_each_pixel_of(AnyWindow window, const ActivationView& input, int out_row, int out_column,
                                         Load&& load, Body&& body) {
  const PoolRange<int> rows = window_pixels(out_row, static_cast<int>(input.height), window);
  const PoolRange<int> columns = window_pixels(out_column, static_cast<int>(input.width), window);
  const int top = out_row * window.stride - window.padding;
  const int left = out_column * window.stride - window.padding;
  for (int row = rows.begin; row < rows.end; ++row)
    for (int column = columns.begin; column < columns.end; ++column)
      body((row - top) * window.kernel + column - left, load(pixel_offset(input, 0, row, column)));
}

template <int Kernel, int Stride, int Padding, class Load, class Body>
__device__ inline void for_each_pixel_of(FixedWindow<Kernel, Stride, Padding> window, const ActivationView& input,
                                         int out_row, int out_column, Load&& load, Body&& body) {
  const PoolRange<int> rows = window_pixels(out_row, static_cast<int>(input.height), window);
  const PoolRange<int> columns = window_pixels(out_column, static_cast<int>(input.width), window);
  const int top = out_row * Stride - Padding;
  const int left = out_column * Stride - Padding;
  const auto is_real = [&](int i, int j) { return rows.contains(top + i) && columns.contains(left + j); };
  const std::int64_t corner = pixel_offset(input, 0, top, left);
  decltype(load(corner)) loaded[Kernel * Kernel] = {};
  for (int i = 0; i < Kernel; ++i)
    for (int j = 0; j < Kernel; ++j) {
      if (is_real(i, j)) loaded[i * Kernel + j] = load(corner + (i * input.width + j) * input.lanes);
    }
  for (int i = 0; i < Kernel; ++i)
    for (int j = 0; j < Kernel; ++j) {
      if (is_real(i, j)) body(i * Kernel + j, loaded[i * Kernel + j]);
    }
}

// body(out_row, out_column, load(offset)) for the outputs whose window covers a pixel, in row-major order; the offset is
// that of the output in its image.
template <class Load, class Body>
__device__ inline void for_each_window_over(AnyWindow window, const ActivationView& output, int row, int column,
                                            Load&& load, Body&& body) {
  const PoolRange<int> rows = covering_windows(row, static_cast<int>(output.height), window);
  const PoolRange<int> columns = covering_windows(column, static_cast<int>(output.width), window);
  for (int out_row = rows.begin; out_row < rows.end; ++out_row)
    for (int out_column = columns.begin; out_column < columns.end; ++out_column)
      body(out_row, out_column, load(pixel_offset(output, 0, out_row, out_column)));
}

template <int Kernel, int Stride, int Padding, class Load, class Body>
__device__ inline void for_each_window_over(FixedWindow<Kernel, Stride, Padding> window, const ActivationView& output,
                                            int row, int column, Load&& load, Body&& body) {
  constexpr int most = (Kernel + Stride - 1) / Stride;
  const PoolRange<int> rows = covering_windows(row, static_cast<int>(output.height), window);
  const PoolRange<int> columns = covering_windows(column, static_cast<int>(output.width), window);
  const auto is_one = [&](int i, int j) { return rows.begin + i < rows.end && columns.begin + j < columns.end; };
  const std::int64_t first = pixel_offset(output, 0, rows.begin, columns.begin);
  decltype(load(first)) loaded[most * most] = {};
  for (int i = 0; i < most; ++i)
    for (int j = 0; j < most; ++j) {
      if (is_one(i, j)) loaded[i * most + j] = load(first + (i * output.width + j) * output.lanes);
    }
  for (int i = 0; i < most; ++i)
    for (int j = 0; j < most; ++j) {
      if (is_one(i, j)) body(rows.begin + i, columns.begin + j, loaded[i * most + j]);
    }
}

}  // namespace SLEIGHT_TARGET_NAMESPACE
}  // namespace sleight::kernels

// The loops of the pooling kernels on the cpu, in every layout.
#pragma once

#include <cstdint>

#include "kernels/lib/channel_strips.h"
#include "kernels/lib/pool_window.h"

namespace sleight::kernels {

// A plane is a block of channels of an image; the view has batch * blocks of them.
inline std::int64_t plane_offset(const ActivationView& view, std::int64_t plane, std::int64_t row,
                                 std::int64_t column) {
  return ((plane * view.height + row) * view.width + column) * view.lanes;
}

// body(plane, row, column, first lane, lanes) for all pixels of the view, a strip of channels at a time; the rows of
// all planes are shared among the threads.
template <class Body>
void for_each_window(const ActivationView& view, const Body& body) {
  const std::int64_t planes = view.batch * view.blocks;
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t plane = 0; plane < planes; ++plane)
    for (std::int64_t row = 0; row < view.height; ++row)
      for (std::int64_t column = 0; column < view.width; ++column)
        for_each_lane_group(view.lanes,
                            [&](std::int64_t first, auto lanes) { body(plane, row, column, first, lanes); });
}

// body(row, column), row by row.
template <class Body>
void for_each_place(const PoolRange<std::int64_t>& rows, const PoolRange<std::int64_t>& columns, const Body& body) {
  for (std::int64_t row = rows.begin; row < rows.end; ++row)
    for (std::int64_t column = columns.begin; column < columns.end; ++column)
      body(row, column);
}

// The lanes of one pixel become those of the sum, rounded to T.
template <class T, class Sum, class Lanes>
void store_strip(void* to, std::int64_t offset, const Sum* sum, Lanes lanes) {
  T* const out = static_cast<T*>(to) + offset;
#pragma omp simd
  for (std::int64_t lane = 0; lane < lanes; ++lane)
    out[lane] = T(sum[lane]);
}

}  // namespace sleight::kernels

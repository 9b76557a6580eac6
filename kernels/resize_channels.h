// Copies rows to more channels, filling with zeros, or to fewer, dropping the last ones.
//
//   y(r, c) = x(r, c)   c < min(from, to)
//   y(r, c) = 0         from <= c < to
//
// Shapes    x [rows, from_channels], y [rows, to_channels]; images and weights are rows of channels when channels lie
//           last in memory.
// Types     float32, bfloat16, float16, float64 (cpu only). Numbers are moved bit by bit; NaN stays NaN.
// Writes    y is assigned (=) and does not overlap x. Deterministic.
// Errors    fewer than one channel, or negative rows: std::invalid_argument.
// Gradient  the same, back to the channels of x.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct ResizeChannels {
  DataType type = DataType::float32;
  std::int64_t rows = 0;
  std::int64_t from_channels = 0;
  std::int64_t to_channels = 0;
  const void* x = nullptr;
  void* y = nullptr;
};

// The errors of the contract; every device calls it first.
void check_arguments(const ResizeChannels&);

void resize_channels(Cpu, const ResizeChannels&);
void resize_channels(Simt, const ResizeChannels&);
void resize_channels(Cuda, const ResizeChannels&);

}  // namespace sleight::kernels

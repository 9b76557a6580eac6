// What the devices share about sums per channel: numbers that do not cancel, and how a GPU cuts the rows.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/lib/activation_view.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

// Sums of some rows of one channel, taken as differences from `shift`, a value near the mean; turned into plain sums in
// float64, where the products of float32 numbers are exact and the later subtraction sum of squares - sum^2 / n has 29
// bits to spare.
struct ShiftedSums {
  double rows;
  double shift;
  double differences;          // sum of x - shift
  double squared_differences;  // sum of (x - shift)^2

  SLEIGHT_HOST_DEVICE double sum() const { return rows * shift + differences; }
  SLEIGHT_HOST_DEVICE double sum_of_squares() const {
    return squared_differences + shift * (2 * differences + rows * shift);
  }
};

// simt and cuda: the threads of a block lie in `channel_tile_columns` packs of channels side by side, times rows.
inline constexpr int channel_tile_threads = 256;
inline int channel_tile_columns(std::int64_t packs) {
  int columns = 1;
  while (columns < 32 && columns < packs)
    columns *= 2;
  return columns;
}

// simt and cuda: every thread block takes a chunk of rows and leaves its partial sums, float64 [sums][C][chunks], in
// the workspace. None is shorter than 64 rows, and there are at most 528 blocks, of 256 channels each (in 16 bits):
// four for each of a large GPU's 132 multiprocessors, so that they end together, and few enough that their sums are
// soon added. More only where a thread would add up more than 512 rows: it does so in float32, and a first row far from
// the mean then costs the variance its last digits.
struct ChannelSumsGrid {
  std::int64_t channels;
  std::int64_t chunks;
  std::int64_t chunk_rows;

  explicit ChannelSumsGrid(const ActivationView& view) : channels(view.channels()) {
    const std::int64_t rows = view.rows();
    const std::int64_t most = std::max<std::int64_t>(1, 528 / ((channels + 255) / 256));
    // Of packs of four, which are the smallest: blocks with larger ones have no fewer rows of threads.
    const std::int64_t longest = 512 * (channel_tile_threads / channel_tile_columns((channels + 3) / 4));
    const std::int64_t even = std::max<std::int64_t>(64, (rows + most - 1) / most);
    cut(rows, std::max(shortest_chunk(rows), std::min(longest, even)));
  }

  // Chunks lie along y, of which a grid has 65,535.
  static std::int64_t shortest_chunk(std::int64_t rows) { return (rows + 65534) / 65535; }

  void cut(std::int64_t rows, std::int64_t rows_of_a_chunk) {
    chunk_rows = rows_of_a_chunk;
    chunks = (rows + chunk_rows - 1) / chunk_rows;
  }

  std::int64_t workspace_bytes(std::int64_t sums) const {
    return sums * channels * chunks * static_cast<std::int64_t>(sizeof(double));
  }
};

}  // namespace sleight::kernels

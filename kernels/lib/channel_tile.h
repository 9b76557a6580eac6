// How the CUDA kernels that treat every channel alike walk over a channels-last tensor: in a block, x walks along packs
// of neighboring channels and y along rows, so that a thread keeps its channels' numbers in registers and a warp reads
// memory in order. Blocks: x covers the channels, y the chunks of rows of a ChannelSumsGrid.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "kernels/lib/activation_view.h"
#include "kernels/lib/channel_sums.h"
#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"
#include "kernels/lib/reduce.h"

namespace sleight::kernels {
inline namespace SLEIGHT_TARGET_NAMESPACE {

inline void require_channels_last(const char* kernel, const ActivationView& view) {
  if (!view.channels_last())
    throw std::invalid_argument(std::string(kernel) + ": the GPU kernels need channels last (1 block), got " +
                                std::to_string(view.blocks) + " blocks of " + std::to_string(view.lanes) + " channels");
}

inline LaunchShape channel_tile_shape(const ChannelSumsGrid& grid, int pack) {
  const std::int64_t packs = (grid.channels + pack - 1) / pack;
  const auto columns = static_cast<unsigned>(channel_tile_columns(packs));
  return {dim3(blocks_for(packs, columns), blocks_for(grid.chunks, 1)), dim3(columns, channel_tile_threads / columns)};
}

// For kernels that add nothing up: many short blocks, of 32 rows for a thread, which end more evenly whatever number of
// them a multiprocessor runs at once. Shorter ones would read the channels' numbers too often.
inline ChannelSumsGrid channel_rows_grid(const ActivationView& view, int pack) {
  ChannelSumsGrid grid(view);
  const std::int64_t rows_at_once = channel_tile_shape(grid, pack).threads.y;
  const std::int64_t shortest = ChannelSumsGrid::shortest_chunk(view.rows());
  grid.cut(view.rows(), std::max(shortest, std::min(grid.chunk_rows, 32 * rows_at_once)));
  return grid;
}

// The part of the tensor that falls to one thread: `valid` channels from `channel`, rows [row, row_end) by row_step.
struct ChannelTile {
  std::int64_t channel;
  int valid;  // 0 for threads beyond the last channel, which still have to meet the others at barriers
  std::int64_t chunk;
  std::int64_t first_row;  // of the block
  std::int64_t row_end;
  std::int64_t row;
  int row_step;
};

template <int N>
__device__ inline ChannelTile channel_tile(std::int64_t rows, std::int64_t channels, std::int64_t chunk_rows) {
  ChannelTile tile;
  tile.channel = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * N;
  const std::int64_t left = channels - tile.channel;
  tile.valid = left <= 0 ? 0 : static_cast<int>(left < N ? left : N);
  tile.chunk = blockIdx.y;
  tile.first_row = tile.chunk * chunk_rows;
  const std::int64_t end = tile.first_row + chunk_rows;
  tile.row_end = tile.valid == 0 ? tile.first_row : (end < rows ? end : rows);
  tile.row = tile.first_row + threadIdx.y;
  tile.row_step = static_cast<int>(blockDim.y);
  return tile;
}

// body(row, load(row)) for the thread's rows in their order, where the loads of two rows are made before the first is
// used: a thread has twice as many bytes in flight. (By name and not in an array, which the compiler may put into local
// memory.)
template <class Load, class Body>
__device__ inline void for_each_row(const ChannelTile& tile, Load&& load, Body&& body) {
  std::int64_t row = tile.row;
  for (; row + tile.row_step < tile.row_end; row += 2 * tile.row_step) {
    const auto first = load(row);
    const auto second = load(row + tile.row_step);
    body(row, first);
    body(row + tile.row_step, second);
  }
  if (row < tile.row_end) body(row, load(row));
}

// A chunk's sum of one channel, to where channel_total finds it.
__device__ inline void store_partial(double* partial, int sum, std::int64_t channels, std::int64_t chunks,
                                     std::int64_t channel, std::int64_t chunk, double value) {
  partial[(sum * channels + channel) * chunks + chunk] = value;
}

// The sum over all chunks, in a fixed order. Called by a whole warp; every lane gets the result.
__device__ inline double channel_total(const double* partial, int sum, std::int64_t channels, std::int64_t chunks,
                                       std::int64_t channel) {
  const double* chunk_sums = partial + (sum * channels + channel) * chunks;
  double total = 0;
  for (std::int64_t chunk = thread_in_block() % 32; chunk < chunks; chunk += 32)
    total += chunk_sums[chunk];
  return warp_sum(total);
}

// For kernels that finish one channel per warp.
inline LaunchShape channel_warps_shape(std::int64_t channels) {
  return {dim3(blocks_for(channels, 4)), dim3(128)};
}
__device__ inline std::int64_t channel_of_warp() {
  return thread_in_grid() / 32;
}

}  // namespace SLEIGHT_TARGET_NAMESPACE
}  // namespace sleight::kernels

#include "kernels/batch_norm_statistics.h"

#include "kernels/batch_norm_channel.h"
#include "kernels/lib/channel_tile.h"

namespace sleight::kernels {
namespace {

template <class T>
__global__ void partial_kernel(const T* x, double* partial, std::int64_t rows, std::int64_t channels,
                               std::int64_t chunks, std::int64_t chunk_rows) {
  constexpr int pack = pack_lanes<T>;
  __shared__ SharedArray<float, 2 * pack * channel_tile_threads> scratch;
  const ChannelTile tile = channel_tile<pack>(rows, channels, chunk_rows);
  // The same for all threads of the block, so that their differences may be added.
  const Lanes<pack> shift = load_lanes<pack>(x + tile.first_row * channels + tile.channel, tile.valid);
  Lanes<2 * pack> sums = filled_lanes<2 * pack>(0.0F);
  for_each_row(
      tile, [&](std::int64_t row) { return load_raw<pack>(x + row * channels + tile.channel, tile.valid); },
      [&](std::int64_t, const RawLanes<T, pack>& loaded) {
        const Lanes<pack> value = lanes_of(loaded);
        for (int i = 0; i < pack; ++i) {
          const float difference = value[i] - shift[i];
          sums[i] += difference;
          sums[pack + i] += difference * difference;
        }
      });
  sums = sum_over_rows(sums, scratch.data());
  if (threadIdx.y != 0) return;
  // Not up to tile.valid: an index that only the run knows would move the sums from registers to local memory.
  for (int i = 0; i < pack; ++i) {
    if (i >= tile.valid) break;
    const ShiftedSums shifted{static_cast<double>(tile.row_end - tile.first_row), static_cast<double>(shift[i]),
                              static_cast<double>(sums[i]), static_cast<double>(sums[pack + i])};
    store_partial(partial, 0, channels, chunks, tile.channel + i, tile.chunk, shifted.sum());
    store_partial(partial, 1, channels, chunks, tile.channel + i, tile.chunk, shifted.sum_of_squares());
  }
}

__global__ void totals_kernel(const double* partial, double* sums, std::int64_t rows, std::int64_t channels,
                              std::int64_t chunks) {
  const std::int64_t channel = channel_of_warp();
  if (channel >= channels) return;
  const double sum = channel_total(partial, 0, channels, chunks, channel);
  const double sum_of_squares = channel_total(partial, 1, channels, chunks, channel);
  if (thread_in_block() % 32 != 0) return;
  sums[channel] = sum;
  sums[channels + channel] = sum_of_squares;
  if (channel == 0) sums[2 * channels] = static_cast<double>(rows);
}

__global__ void finish_kernel(BatchNormFinishStatistics arguments) {
  const std::int64_t channel = thread_in_grid();
  const std::int64_t channels = arguments.channels;
  const double* sums = arguments.sums;
  if (channel < channels)
    batch_norm_finish_channel<float>(arguments, channel, sums[2 * channels], sums[channel], sums[channels + channel]);
}

// totals_kernel and finish_kernel in one, for a batch that is not shared: one launch less per layer.
__global__ void totals_and_finish_kernel(const double* partial, std::int64_t rows, std::int64_t chunks,
                                         BatchNormFinishStatistics arguments) {
  const std::int64_t channel = channel_of_warp();
  const std::int64_t channels = arguments.channels;
  if (channel >= channels) return;
  const double sum = channel_total(partial, 0, channels, chunks, channel);
  const double sum_of_squares = channel_total(partial, 1, channels, chunks, channel);
  if (thread_in_block() % 32 == 0)
    batch_norm_finish_channel<float>(arguments, channel, static_cast<double>(rows), sum, sum_of_squares);
}

__global__ void inference_kernel(BatchNormInferenceStatistics arguments) {
  const std::int64_t channel = thread_in_grid();
  if (channel < arguments.channels) batch_norm_inference_channel<float>(arguments, channel);
}

void launch_partial(Target target, const BatchNormPartialStatistics& arguments, const ChannelSumsGrid& grid) {
  require_channels_last("batch_norm_statistics", arguments.view);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    launch(target, "batch_norm_statistics_partial", partial_kernel<T>, channel_tile_shape(grid, pack_lanes<T>),
           static_cast<const T*>(arguments.x), static_cast<double*>(arguments.workspace), arguments.view.rows(),
           grid.channels, grid.chunks, grid.chunk_rows);
  });
}

// The statistics kernels do not depend on the element type, but a type that has no kernels is refused all the same.
void require_gpu_type(DataType type) {
  visit_gpu_type(type, [](auto) {});
}

LaunchShape one_thread_per_channel(std::int64_t channels) {
  return {dim3(blocks_for(channels, 128)), dim3(128)};
}

}  // namespace

void batch_norm_partial_statistics(Target target, const BatchNormPartialStatistics& arguments) {
  const ChannelSumsGrid grid(arguments.view);
  launch_partial(target, arguments, grid);
  launch(target, "batch_norm_statistics_totals", totals_kernel, channel_warps_shape(grid.channels),
         static_cast<const double*>(arguments.workspace), arguments.sums, arguments.view.rows(), grid.channels,
         grid.chunks);
}

void batch_norm_finish_statistics(Target target, const BatchNormFinishStatistics& arguments) {
  require_gpu_type(arguments.type);
  launch(target, "batch_norm_statistics_finish", finish_kernel, one_thread_per_channel(arguments.channels), arguments);
}

void batch_norm_statistics(Target target, const BatchNormStatistics& arguments) {
  const BatchNormStages stages(arguments);
  const ChannelSumsGrid grid(arguments.view);
  launch_partial(target, stages.partial, grid);
  launch(target, "batch_norm_statistics", totals_and_finish_kernel, channel_warps_shape(grid.channels),
         static_cast<const double*>(stages.partial.workspace), arguments.view.rows(), grid.chunks, stages.finish);
}

void batch_norm_inference_statistics(Target target, const BatchNormInferenceStatistics& arguments) {
  require_gpu_type(arguments.type);
  launch(target, "batch_norm_inference_statistics", inference_kernel, one_thread_per_channel(arguments.channels),
         arguments);
}

}  // namespace sleight::kernels

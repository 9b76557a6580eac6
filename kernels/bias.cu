#include "kernels/bias.h"

#include "kernels/lib/channel_tile.h"

namespace sleight::kernels {
namespace {

template <class T>
__global__ void bias_kernel(const T* x, const float* bias, T* y, std::int64_t rows, std::int64_t channels,
                            std::int64_t chunk_rows) {
  constexpr int pack = pack_lanes<T>;
  const ChannelTile tile = channel_tile<pack>(rows, channels, chunk_rows);
  const Lanes<pack> offset = load_lanes<pack>(bias + tile.channel, tile.valid);
  for_each_row(
      tile, [&](std::int64_t row) { return load_raw<pack>(x + row * channels + tile.channel, tile.valid); },
      [&](std::int64_t row, const RawLanes<T, pack>& loaded) {
        Lanes<pack> value = lanes_of(loaded);
        for (int i = 0; i < pack; ++i)
          value[i] += offset[i];
        store_lanes(y + row * channels + tile.channel, value, tile.valid);
      });
}

template <class T>
__global__ void partial_kernel(const T* y_gradient, double* partial, std::int64_t rows, std::int64_t channels,
                               std::int64_t chunks, std::int64_t chunk_rows) {
  constexpr int pack = pack_lanes<T>;
  __shared__ SharedArray<float, pack * channel_tile_threads> scratch;
  const ChannelTile tile = channel_tile<pack>(rows, channels, chunk_rows);
  Lanes<pack> sum = filled_lanes<pack>(0.0F);
  for_each_row(
      tile, [&](std::int64_t row) { return load_raw<pack>(y_gradient + row * channels + tile.channel, tile.valid); },
      [&](std::int64_t, const RawLanes<T, pack>& loaded) {
        const Lanes<pack> value = lanes_of(loaded);
        for (int i = 0; i < pack; ++i)
          sum[i] += value[i];
      });
  sum = sum_over_rows(sum, scratch.data());
  if (threadIdx.y != 0) return;
  // Not up to tile.valid: an index that only the run knows would move the sums from registers to local memory.
  for (int i = 0; i < pack; ++i) {
    if (i < tile.valid)
      store_partial(partial, 0, channels, chunks, tile.channel + i, tile.chunk, static_cast<double>(sum[i]));
  }
}

__global__ void total_kernel(const double* partial, float* bias_gradient, std::int64_t channels, std::int64_t chunks) {
  const std::int64_t channel = channel_of_warp();
  if (channel >= channels) return;
  const double total = channel_total(partial, 0, channels, chunks, channel);
  if (thread_in_block() % 32 == 0) bias_gradient[channel] = static_cast<float>(total);
}

}  // namespace

void bias(Target target, const Bias& arguments) {
  require_channels_last("bias", arguments.view);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    const ChannelSumsGrid grid = channel_rows_grid(arguments.view, pack_lanes<T>);
    launch(target, "bias", bias_kernel<T>, channel_tile_shape(grid, pack_lanes<T>), static_cast<const T*>(arguments.x),
           static_cast<const float*>(arguments.bias), static_cast<T*>(arguments.y), arguments.view.rows(),
           grid.channels, grid.chunk_rows);
  });
}

void bias_gradient(Target target, const BiasGradient& arguments) {
  require_channels_last("bias_gradient", arguments.view);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    const ChannelSumsGrid grid(arguments.view);
    double* partial = static_cast<double*>(arguments.workspace);
    launch(target, "bias_gradient_partial", partial_kernel<T>, channel_tile_shape(grid, pack_lanes<T>),
           static_cast<const T*>(arguments.y_gradient), partial, arguments.view.rows(), grid.channels, grid.chunks,
           grid.chunk_rows);
    launch(target, "bias_gradient", total_kernel, channel_warps_shape(grid.channels), partial,
           static_cast<float*>(arguments.bias_gradient), grid.channels, grid.chunks);
  });
}

}  // namespace sleight::kernels

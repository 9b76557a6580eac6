#include "kernels/batch_norm_apply.h"

#include "kernels/lib/channel_tile.h"

namespace sleight::kernels {
namespace {

template <ActivationFunction function, class T>
__global__ void __launch_bounds__(channel_tile_threads, 3)
    apply_kernel(BatchNormApply arguments, std::int64_t chunk_rows) {
  constexpr int pack = pack_lanes<T>;
  const std::int64_t channels = arguments.view.lanes;
  const ChannelTile tile = channel_tile<pack>(arguments.view.rows(), channels, chunk_rows);
  const auto of_channel = [&](const void* values) {
    return load_lanes<pack>(static_cast<const float*>(values) + tile.channel, tile.valid);
  };
  const Lanes<pack> mean = of_channel(arguments.mean);
  const Lanes<pack> inverse_deviation = of_channel(arguments.inverse_deviation);
  const Lanes<pack> beta = of_channel(arguments.beta);
  Lanes<pack> scale = of_channel(arguments.gamma);
  for (int i = 0; i < pack; ++i)
    scale[i] *= inverse_deviation[i];

  const T* x = static_cast<const T*>(arguments.x);
  const T* residual = static_cast<const T*>(arguments.residual);
  T* z = static_cast<T*>(arguments.z);
  struct Loaded {
    RawLanes<T, pack> x, residual;
  };
  for_each_row(
      tile,
      [&](std::int64_t row) {
        const std::int64_t at = row * channels + tile.channel;
        Loaded loaded;
        loaded.x = load_raw<pack>(x + at, tile.valid);
        if (residual != nullptr) loaded.residual = load_raw<pack>(residual + at, tile.valid);
        return loaded;
      },
      [&](std::int64_t row, const Loaded& loaded) {
        Lanes<pack> value = lanes_of(loaded.x);
        for (int i = 0; i < pack; ++i)
          value[i] = batch_norm_value(value[i], mean[i], scale[i], beta[i]);
        if (residual != nullptr) {
          const Lanes<pack> other = lanes_of(loaded.residual);
          for (int i = 0; i < pack; ++i)
            value[i] += other[i];
        }
        for (int i = 0; i < pack; ++i)
          value[i] = activate<function>(value[i], arguments.slope);
        store_lanes(z + row * channels + tile.channel, value, tile.valid);
      });
}

}  // namespace

void batch_norm_apply(Target target, const BatchNormApply& arguments) {
  require_channels_last("batch_norm_apply", arguments.view);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    visit_activation(arguments.activation, [&](auto function) {
      const ChannelSumsGrid grid = channel_rows_grid(arguments.view, pack_lanes<T>);
      launch(target, "batch_norm_apply", apply_kernel<decltype(function)::value, T>,
             channel_tile_shape(grid, pack_lanes<T>), arguments, grid.chunk_rows);
    });
  });
}

}  // namespace sleight::kernels

#include "kernels/batch_norm_backward.h"

#include "kernels/batch_norm_apply.h"
#include "kernels/lib/channel_tile.h"

namespace sleight::kernels {
namespace {

template <ActivationFunction function, class T>
__global__ void __launch_bounds__(channel_tile_threads, 2)
    reduce_kernel(BatchNormBackwardReduce arguments, std::int64_t chunks, std::int64_t chunk_rows) {
  constexpr int pack = pack_lanes<T>;
  __shared__ SharedArray<float, 2 * pack * channel_tile_threads> scratch;
  const std::int64_t channels = arguments.view.lanes;
  const ChannelTile tile = channel_tile<pack>(arguments.view.rows(), channels, chunk_rows);
  const auto of_channel = [&](const void* values) {
    return load_lanes<pack>(static_cast<const float*>(values) + tile.channel, tile.valid);
  };
  const T* x = static_cast<const T*>(arguments.x);
  const T* z_gradient = static_cast<const T*>(arguments.z_gradient);
  const T* second = static_cast<const T*>(arguments.second_z_gradient);
  const T* z = static_cast<const T*>(arguments.z);
  T* masked = static_cast<T*>(arguments.masked_gradient);
  const bool sign_from_x = function != ActivationFunction::none && z == nullptr;

  const Lanes<pack> mean = of_channel(arguments.mean);
  Lanes<pack> scale = filled_lanes<pack>(0.0F);
  Lanes<pack> beta = filled_lanes<pack>(0.0F);
  if (sign_from_x) {
    const Lanes<pack> inverse_deviation = of_channel(arguments.inverse_deviation);
    scale = of_channel(arguments.gamma);
    for (int i = 0; i < pack; ++i)
      scale[i] *= inverse_deviation[i];
    beta = of_channel(arguments.beta);
  }

  Lanes<2 * pack> sums = filled_lanes<2 * pack>(0.0F);
  struct Loaded {
    RawLanes<T, pack> x, z_gradient, second, z;
  };
  for_each_row(
      tile,
      [&](std::int64_t row) {
        const std::int64_t at = row * channels + tile.channel;
        Loaded loaded;
        loaded.x = load_raw<pack>(x + at, tile.valid);
        loaded.z_gradient = load_raw<pack>(z_gradient + at, tile.valid);
        if (second != nullptr) loaded.second = load_raw<pack>(second + at, tile.valid);
        if (function != ActivationFunction::none && !sign_from_x) loaded.z = load_raw<pack>(z + at, tile.valid);
        return loaded;
      },
      [&](std::int64_t row, const Loaded& loaded) {
        const Lanes<pack> value = lanes_of(loaded.x);
        Lanes<pack> gradient = lanes_of(loaded.z_gradient);
        if (second != nullptr) {
          const Lanes<pack> other = lanes_of(loaded.second);
          for (int i = 0; i < pack; ++i)
            gradient[i] += other[i];
        }
        if constexpr (function != ActivationFunction::none) {
          Lanes<pack> sign;
          if (sign_from_x) {
            for (int i = 0; i < pack; ++i)
              sign[i] = batch_norm_value(value[i], mean[i], scale[i], beta[i]);
          } else {
            sign = lanes_of(loaded.z);
          }
          for (int i = 0; i < pack; ++i)
            gradient[i] = activation_gradient<function>(gradient[i], sign[i], arguments.slope);
        }
        if (masked != nullptr) {
          for (int i = 0; i < pack; ++i)
            gradient[i] = static_cast<float>(static_cast<T>(gradient[i]));
          store_lanes(masked + row * channels + tile.channel, gradient, tile.valid);
        }
        for (int i = 0; i < pack; ++i) {
          sums[i] += gradient[i];
          sums[pack + i] += gradient[i] * (value[i] - mean[i]);
        }
      });
  sums = sum_over_rows(sums, scratch.data());
  if (threadIdx.y != 0) return;
  double* partial = static_cast<double*>(arguments.workspace);
  // Not up to tile.valid: an index that only the run knows would move the sums from registers to local memory.
  for (int i = 0; i < pack; ++i) {
    if (i >= tile.valid) break;
    store_partial(partial, 0, channels, chunks, tile.channel + i, tile.chunk, static_cast<double>(sums[i]));
    store_partial(partial, 1, channels, chunks, tile.channel + i, tile.chunk, static_cast<double>(sums[pack + i]));
  }
}

__global__ void totals_kernel(BatchNormBackwardReduce arguments, std::int64_t chunks) {
  const std::int64_t channels = arguments.view.lanes;
  const std::int64_t channel = channel_of_warp();
  if (channel >= channels) return;
  const double* partial = static_cast<const double*>(arguments.workspace);
  const double sum = channel_total(partial, 0, channels, chunks, channel);
  const double product_sum = channel_total(partial, 1, channels, chunks, channel);
  if (thread_in_block() % 32 != 0) return;
  const double inverse_deviation = static_cast<double>(static_cast<const float*>(arguments.inverse_deviation)[channel]);
  static_cast<float*>(arguments.beta_gradient)[channel] = static_cast<float>(sum);
  static_cast<float*>(arguments.gamma_gradient)[channel] = static_cast<float>(product_sum * inverse_deviation);
}

template <ActivationFunction function, class T>
__global__ void __launch_bounds__(channel_tile_threads, 3)
    apply_kernel(BatchNormBackwardApply arguments, std::int64_t chunk_rows) {
  constexpr int pack = pack_lanes<T>;
  const std::int64_t channels = arguments.view.lanes;
  const ChannelTile tile = channel_tile<pack>(arguments.view.rows(), channels, chunk_rows);
  const auto of_channel = [&](const void* values) {
    return load_lanes<pack>(static_cast<const float*>(values) + tile.channel, tile.valid);
  };
  const float rows =
      static_cast<float>(arguments.rows != nullptr ? *arguments.rows : static_cast<double>(arguments.view.rows()));
  const Lanes<pack> mean = of_channel(arguments.mean);
  const Lanes<pack> inverse_deviation = of_channel(arguments.inverse_deviation);
  Lanes<pack> scale = of_channel(arguments.gamma);
  Lanes<pack> gradient_mean = of_channel(arguments.beta_gradient);
  Lanes<pack> correlation = of_channel(arguments.gamma_gradient);
  Lanes<pack> beta = filled_lanes<pack>(0.0F);
  if (function != ActivationFunction::none) beta = of_channel(arguments.beta);
  for (int i = 0; i < pack; ++i) {
    scale[i] *= inverse_deviation[i];
    gradient_mean[i] /= rows;
    correlation[i] = inverse_deviation[i] * (correlation[i] / rows);
  }

  const T* gradient = static_cast<const T*>(arguments.gradient);
  const T* x = static_cast<const T*>(arguments.x);
  T* x_gradient = static_cast<T*>(arguments.x_gradient);
  struct Loaded {
    RawLanes<T, pack> x, gradient;
  };
  for_each_row(
      tile,
      [&](std::int64_t row) {
        const std::int64_t at = row * channels + tile.channel;
        return Loaded{load_raw<pack>(x + at, tile.valid), load_raw<pack>(gradient + at, tile.valid)};
      },
      [&](std::int64_t row, const Loaded& loaded) {
        const Lanes<pack> value = lanes_of(loaded.x);
        Lanes<pack> result = lanes_of(loaded.gradient);
        for (int i = 0; i < pack; ++i) {
          const float sign = batch_norm_value(value[i], mean[i], scale[i], beta[i]);
          const float masked = activation_gradient<function>(result[i], sign, arguments.slope);
          result[i] = scale[i] * (masked - gradient_mean[i] - (value[i] - mean[i]) * correlation[i]);
        }
        store_lanes(x_gradient + row * channels + tile.channel, result, tile.valid);
      });
}

}  // namespace

void batch_norm_backward_reduce(Target target, const BatchNormBackwardReduce& arguments) {
  require_channels_last("batch_norm_backward_reduce", arguments.view);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    visit_activation(arguments.activation, [&](auto function) {
      const ChannelSumsGrid grid(arguments.view);
      launch(target, "batch_norm_backward_reduce", reduce_kernel<decltype(function)::value, T>,
             channel_tile_shape(grid, pack_lanes<T>), arguments, grid.chunks, grid.chunk_rows);
      launch(target, "batch_norm_backward_totals", totals_kernel, channel_warps_shape(grid.channels), arguments,
             grid.chunks);
    });
  });
}

void batch_norm_backward_apply(Target target, const BatchNormBackwardApply& arguments) {
  require_channels_last("batch_norm_backward_apply", arguments.view);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    visit_activation(arguments.activation, [&](auto function) {
      const ChannelSumsGrid grid = channel_rows_grid(arguments.view, pack_lanes<T>);
      launch(target, "batch_norm_backward_apply", apply_kernel<decltype(function)::value, T>,
             channel_tile_shape(grid, pack_lanes<T>), arguments, grid.chunk_rows);
    });
  });
}

}  // namespace sleight::kernels

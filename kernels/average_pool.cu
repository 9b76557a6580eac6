#include "kernels/average_pool.h"

#include "kernels/lib/channel_tile.h"
#include "kernels/lib/image_rows.h"

namespace sleight::kernels {
namespace {

__device__ inline float share_of_a_pixel(const PoolRange& rows, const PoolRange& columns) {
  return 1.0F / static_cast<float>((rows.end - rows.begin) * (columns.end - columns.begin));
}

template <class T>
__global__ void forward_kernel(AveragePool arguments, ActivationView output) {
  constexpr int pack = pack_lanes<T>;
  const ActivationView input = arguments.input;
  for_each_pack_of_image_row<pack>(output, [&](std::int64_t image, std::int64_t out_row, std::int64_t out_column,
                                               std::int64_t channel, int valid) {
    const PoolRange rows = window_pixels(out_row, input.height, arguments.window);
    const PoolRange columns = window_pixels(out_column, input.width, arguments.window);
    Lanes<pack> sum = filled_lanes<pack>(0.0F);
    for (std::int64_t row = rows.begin; row < rows.end; ++row)
      for (std::int64_t column = columns.begin; column < columns.end; ++column) {
        const T* x = static_cast<const T*>(arguments.x) + pixel_offset(input, image, row, column) + channel;
        const Lanes<pack> value = load_lanes<pack>(x, valid);
        for (int i = 0; i < pack; ++i)
          sum[i] += value[i];
      }
    const float share = share_of_a_pixel(rows, columns);
    for (int i = 0; i < pack; ++i)
      sum[i] *= share;
    store_lanes(static_cast<T*>(arguments.y) + pixel_offset(output, image, out_row, out_column) + channel, sum, valid);
  });
}

template <class T>
__global__ void backward_kernel(AveragePoolBackward arguments, ActivationView output) {
  constexpr int pack = pack_lanes<T>;
  const ActivationView input = arguments.input;
  for_each_pack_of_image_row<pack>(input, [&](std::int64_t image, std::int64_t row, std::int64_t column,
                                              std::int64_t channel, int valid) {
    const PoolRange out_rows = covering_windows(row, output.height, arguments.window);
    const PoolRange out_columns = covering_windows(column, output.width, arguments.window);
    Lanes<pack> sum = filled_lanes<pack>(0.0F);
    for (std::int64_t out_row = out_rows.begin; out_row < out_rows.end; ++out_row)
      for (std::int64_t out_column = out_columns.begin; out_column < out_columns.end; ++out_column) {
        const float share = share_of_a_pixel(window_pixels(out_row, input.height, arguments.window),
                                             window_pixels(out_column, input.width, arguments.window));
        const T* y_gradient =
            static_cast<const T*>(arguments.y_gradient) + pixel_offset(output, image, out_row, out_column) + channel;
        const Lanes<pack> gradient = load_lanes<pack>(y_gradient, valid);
        for (int i = 0; i < pack; ++i)
          sum[i] += gradient[i] * share;
      }
    store_lanes(static_cast<T*>(arguments.x_gradient) + pixel_offset(input, image, row, column) + channel, sum, valid);
  });
}

}  // namespace

void average_pool(Target target, const AveragePool& arguments) {
  require_channels_last("average_pool", arguments.input);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    const ActivationView output = pooled_view(arguments.input, arguments.window);
    launch(target, "average_pool", forward_kernel<T>, image_rows_shape(output, pack_lanes<T>), arguments, output);
  });
}

void average_pool_backward(Target target, const AveragePoolBackward& arguments) {
  require_channels_last("average_pool_backward", arguments.input);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    const ActivationView output = pooled_view(arguments.input, arguments.window);
    launch(target, "average_pool_backward", backward_kernel<T>, image_rows_shape(arguments.input, pack_lanes<T>),
           arguments, output);
  });
}

}  // namespace sleight::kernels

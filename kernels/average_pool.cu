#include "kernels/average_pool.h"

#include "kernels/lib/channel_tile.h"
#include "kernels/lib/image_rows.h"
#include "kernels/lib/pool_walk.h"

namespace sleight::kernels {
namespace {

template <class Window>
__device__ inline float share_of_a_pixel(const ActivationView& input, int out_row, int out_column,
                                         const Window& window) {
  const PoolRange<int> rows = window_pixels(out_row, static_cast<int>(input.height), window);
  const PoolRange<int> columns = window_pixels(out_column, static_cast<int>(input.width), window);
  return 1.0F / static_cast<float>((rows.end - rows.begin) * (columns.end - columns.begin));
}

template <class Window, class T>
__global__ void forward_kernel(AveragePool arguments, ActivationView output, Window window) {
  constexpr int pack = pack_lanes<T>;
  const ActivationView input = arguments.input;
  for_each_pack_of_image_row<pack>(output, [&](int image, int out_row, int out_column, int channel, int valid) {
    const T* const pixels = static_cast<const T*>(arguments.x) + pixel_offset(input, image, 0, 0) + channel;
    Lanes<pack> sum = filled_lanes<pack>(0.0F);
    for_each_pixel_of(
        window, input, out_row, out_column,
        [&](std::int64_t pixel) { return load_pack<pack>(window, pixels + pixel, valid); },
        [&](int, const RawLanes<T, pack>& loaded) {
          const Lanes<pack> value = lanes_of(loaded);
          for (int i = 0; i < pack; ++i)
            sum[i] += value[i];
        });
    const float share = share_of_a_pixel(input, out_row, out_column, window);
    for (int i = 0; i < pack; ++i)
      sum[i] *= share;
    T* const to = static_cast<T*>(arguments.y) + pixel_offset(output, image, out_row, out_column) + channel;
    store_pack<pack>(window, to, sum, valid);
  });
}

template <class Window, class T>
__global__ void backward_kernel(AveragePoolBackward arguments, ActivationView output, Window window) {
  constexpr int pack = pack_lanes<T>;
  const ActivationView input = arguments.input;
  for_each_pack_of_image_row<pack>(input, [&](int image, int row, int column, int channel, int valid) {
    const T* const y_gradient =
        static_cast<const T*>(arguments.y_gradient) + pixel_offset(output, image, 0, 0) + channel;
    Lanes<pack> sum = filled_lanes<pack>(0.0F);
    for_each_window_over(
        window, output, row, column,
        [&](std::int64_t from) { return load_pack<pack>(window, y_gradient + from, valid); },
        [&](int out_row, int out_column, const RawLanes<T, pack>& loaded) {
          const float share = share_of_a_pixel(input, out_row, out_column, window);
          const Lanes<pack> gradient = lanes_of(loaded);
          for (int i = 0; i < pack; ++i)
            sum[i] += gradient[i] * share;
        });
    T* const to = static_cast<T*>(arguments.x_gradient) + pixel_offset(input, image, row, column) + channel;
    store_pack<pack>(window, to, sum, valid);
  });
}

}  // namespace

void average_pool(Target target, const AveragePool& arguments) {
  require_channels_last("average_pool", arguments.input);
  require_short_rows(arguments.input);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    constexpr int pack = pack_lanes<T>;
    const ActivationView output = pooled_view(arguments.input, arguments.window);
    const bool aligned = whole_packs<pack>(output, static_cast<const T*>(arguments.x)) &&
                         whole_packs<pack>(output, static_cast<const T*>(arguments.y));
    visit_window(arguments.window, aligned, [&]<class Window>(Window window) {
      launch(target, "average_pool", forward_kernel<Window, T>, image_rows_shape(output, pack), arguments, output,
             window);
    });
  });
}

void average_pool_backward(Target target, const AveragePoolBackward& arguments) {
  require_channels_last("average_pool_backward", arguments.input);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    constexpr int pack = pack_lanes<T>;
    const ActivationView output = pooled_view(arguments.input, arguments.window);
    require_short_rows(output);
    const bool aligned = whole_packs<pack>(output, static_cast<const T*>(arguments.y_gradient)) &&
                         whole_packs<pack>(output, static_cast<const T*>(arguments.x_gradient));
    visit_window(arguments.window, aligned, [&]<class Window>(Window window) {
      launch(target, "average_pool_backward", backward_kernel<Window, T>, image_rows_shape(arguments.input, pack),
             arguments, output, window);
    });
  });
}

}  // namespace sleight::kernels

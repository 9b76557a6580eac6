#include "kernels/max_pool.h"

#include <cmath>

#include "kernels/lib/channel_tile.h"
#include "kernels/lib/image_rows.h"

namespace sleight::kernels {
namespace {

template <class T>
__global__ void forward_kernel(MaxPool arguments, ActivationView output) {
  constexpr int pack = pack_lanes<T>;
  const ActivationView input = arguments.input;
  const PoolWindow window = arguments.window;
  for_each_pack_of_image_row<pack>(
      output, [&](std::int64_t image, std::int64_t out_row, std::int64_t out_column, std::int64_t channel, int valid) {
        const PoolRange rows = window_pixels(out_row, input.height, window);
        const PoolRange columns = window_pixels(out_column, input.width, window);
        const std::int64_t top = out_row * window.stride - window.padding;
        const std::int64_t left = out_column * window.stride - window.padding;
        Lanes<pack> largest = filled_lanes<pack>(-INFINITY);
        int place[pack];
        for (int i = 0; i < pack; ++i)
          place[i] = static_cast<int>((rows.begin - top) * window.kernel + columns.begin - left);
        for (std::int64_t row = rows.begin; row < rows.end; ++row)
          for (std::int64_t column = columns.begin; column < columns.end; ++column) {
            const T* x = static_cast<const T*>(arguments.x) + pixel_offset(input, image, row, column) + channel;
            const Lanes<pack> value = load_lanes<pack>(x, valid);
            const int here = static_cast<int>((row - top) * window.kernel + column - left);
            for (int i = 0; i < pack; ++i) {
              const bool take = value[i] > largest[i] || value[i] != value[i];
              largest[i] = take ? value[i] : largest[i];
              place[i] = take ? here : place[i];
            }
          }
        const std::int64_t to = pixel_offset(output, image, out_row, out_column) + channel;
        store_lanes(static_cast<T*>(arguments.y) + to, largest, valid);
        if (arguments.argmax != nullptr) {
          Lanes<pack> places;
          for (int i = 0; i < pack; ++i)
            places[i] = static_cast<float>(place[i]);
          store_lanes(arguments.argmax + to, places, valid);
        }
      });
}

template <class T>
__global__ void backward_kernel(MaxPoolBackward arguments, ActivationView output) {
  constexpr int pack = pack_lanes<T>;
  const ActivationView input = arguments.input;
  const PoolWindow window = arguments.window;
  for_each_pack_of_image_row<pack>(input, [&](std::int64_t image, std::int64_t row, std::int64_t column,
                                              std::int64_t channel, int valid) {
    const PoolRange out_rows = covering_windows(row, output.height, window);
    const PoolRange out_columns = covering_windows(column, output.width, window);
    Lanes<pack> sum = filled_lanes<pack>(0.0F);
    for (std::int64_t out_row = out_rows.begin; out_row < out_rows.end; ++out_row)
      for (std::int64_t out_column = out_columns.begin; out_column < out_columns.end; ++out_column) {
        const std::int64_t from = pixel_offset(output, image, out_row, out_column) + channel;
        const Lanes<pack> gradient = load_lanes<pack>(static_cast<const T*>(arguments.y_gradient) + from, valid);
        const Lanes<pack> place = load_lanes<pack>(arguments.argmax + from, valid);
        const float here = static_cast<float>((row - (out_row * window.stride - window.padding)) * window.kernel +
                                              column - (out_column * window.stride - window.padding));
        for (int i = 0; i < pack; ++i)
          sum[i] += place[i] == here ? gradient[i] : 0.0F;
      }
    store_lanes(static_cast<T*>(arguments.x_gradient) + pixel_offset(input, image, row, column) + channel, sum, valid);
  });
}

}  // namespace

void max_pool(Target target, const MaxPool& arguments) {
  require_channels_last("max_pool", arguments.input);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    const ActivationView output = pooled_view(arguments.input, arguments.window);
    launch(target, "max_pool", forward_kernel<T>, image_rows_shape(output, pack_lanes<T>), arguments, output);
  });
}

void max_pool_backward(Target target, const MaxPoolBackward& arguments) {
  require_channels_last("max_pool_backward", arguments.input);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    const ActivationView output = pooled_view(arguments.input, arguments.window);
    launch(target, "max_pool_backward", backward_kernel<T>, image_rows_shape(arguments.input, pack_lanes<T>), arguments,
           output);
  });
}

}  // namespace sleight::kernels

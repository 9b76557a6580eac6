#include "kernels/max_pool.h"

#include <algorithm>
#include <cmath>

#include "kernels/lib/channel_tile.h"
#include "kernels/lib/image_rows.h"
#include "kernels/lib/pool_walk.h"

namespace sleight::kernels {
namespace {

template <class Window, class T>
__global__ void forward_kernel(MaxPool arguments, ActivationView output, Window window) {
  constexpr int pack = pack_lanes<T>;
  const ActivationView input = arguments.input;
  for_each_pack_of_image_row<pack>(output, [&](int image, int out_row, int out_column, int channel, int valid) {
    const T* const pixels = static_cast<const T*>(arguments.x) + pixel_offset(input, image, 0, 0) + channel;
    Lanes<pack> largest = filled_lanes<pack>(-INFINITY);
    // The first real pixel, if none is above -infinity.
    const int first_row = std::max(0, window.padding - out_row * window.stride);
    const int first_column = std::max(0, window.padding - out_column * window.stride);
    Lanes<pack, int> places;
    for (int i = 0; i < pack; ++i)
      places[i] = first_row * window.kernel + first_column;
    for_each_pixel_of(
        window, input, out_row, out_column,
        [&](std::int64_t pixel) { return load_pack<pack>(window, pixels + pixel, valid); },
        [&](int place, const RawLanes<T, pack>& loaded) {
          const Lanes<pack> value = lanes_of(loaded);
          for (int i = 0; i < pack; ++i) {
            const bool take = value[i] > largest[i] || value[i] != value[i];
            largest[i] = take ? value[i] : largest[i];
            places[i] = take ? place : places[i];
          }
        });
    const std::int64_t to = pixel_offset(output, image, out_row, out_column) + channel;
    store_pack<pack>(window, static_cast<T*>(arguments.y) + to, largest, valid);
    if (arguments.argmax != nullptr) store_pack<pack>(window, arguments.argmax + to, places, valid);
  });
}

template <class Window, class T>
__global__ void backward_kernel(MaxPoolBackward arguments, ActivationView output, Window window) {
  constexpr int pack = pack_lanes<T>;
  const ActivationView input = arguments.input;
  struct Loaded {
    RawLanes<T, pack> gradient;
    RawLanes<std::uint8_t, pack> places;
  };
  for_each_pack_of_image_row<pack>(input, [&](int image, int row, int column, int channel, int valid) {
    const std::int64_t outputs = pixel_offset(output, image, 0, 0) + channel;
    const T* const y_gradient = static_cast<const T*>(arguments.y_gradient) + outputs;
    const std::uint8_t* const argmax = arguments.argmax + outputs;
    Lanes<pack> sum = filled_lanes<pack>(0.0F);
    for_each_window_over(
        window, output, row, column,
        [&](std::int64_t from) {
          return Loaded{load_pack<pack>(window, y_gradient + from, valid),
                        load_pack<pack>(window, argmax + from, valid)};
        },
        [&](int out_row, int out_column, const Loaded& loaded) {
          const int here = (row - (out_row * window.stride - window.padding)) * window.kernel + column -
                           (out_column * window.stride - window.padding);
          const Lanes<pack> gradient = lanes_of(loaded.gradient);
          const Lanes<pack, int> places = lanes_of<int>(loaded.places);
          for (int i = 0; i < pack; ++i)
            sum[i] += places[i] == here ? gradient[i] : 0.0F;
        });
    T* const to = static_cast<T*>(arguments.x_gradient) + pixel_offset(input, image, row, column) + channel;
    store_pack<pack>(window, to, sum, valid);
  });
}

}  // namespace

void max_pool(Target target, const MaxPool& arguments) {
  require_channels_last("max_pool", arguments.input);
  require_short_rows(arguments.input);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    constexpr int pack = pack_lanes<T>;
    const ActivationView output = pooled_view(arguments.input, arguments.window);
    const bool aligned = whole_packs<pack>(output, static_cast<const T*>(arguments.x)) &&
                         whole_packs<pack>(output, static_cast<const T*>(arguments.y)) &&
                         whole_packs<pack>(output, arguments.argmax);
    visit_window(arguments.window, aligned, [&]<class Window>(Window window) {
      launch(target, "max_pool", forward_kernel<Window, T>, image_rows_shape(output, pack), arguments, output, window);
    });
  });
}

void max_pool_backward(Target target, const MaxPoolBackward& arguments) {
  require_channels_last("max_pool_backward", arguments.input);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    constexpr int pack = pack_lanes<T>;
    const ActivationView output = pooled_view(arguments.input, arguments.window);
    require_short_rows(output);
    const bool aligned = whole_packs<pack>(output, static_cast<const T*>(arguments.y_gradient)) &&
                         whole_packs<pack>(output, static_cast<const T*>(arguments.x_gradient)) &&
                         whole_packs<pack>(output, arguments.argmax);
    visit_window(arguments.window, aligned, [&]<class Window>(Window window) {
      launch(target, "max_pool_backward", backward_kernel<Window, T>, image_rows_shape(arguments.input, pack),
             arguments, output, window);
    });
  });
}

}  // namespace sleight::kernels

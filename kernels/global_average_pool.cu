#include "kernels/global_average_pool.h"

#include <algorithm>

#include "kernels/lib/channel_tile.h"
#include "kernels/lib/image_rows.h"

namespace sleight::kernels {
namespace {

// One block per image and tile of channels: all pixels of the image are one chunk of rows.
template <class T>
__global__ void forward_kernel(const T* x, T* y, std::int64_t batch, std::int64_t pixels, std::int64_t channels) {
  constexpr int pack = pack_lanes<T>;
  __shared__ SharedArray<float, pack * channel_tile_threads> scratch;
  const ChannelTile tile = channel_tile<pack>(batch * pixels, channels, pixels);
  Lanes<pack> sum = filled_lanes<pack>(0.0F);
  for_each_row(
      tile, [&](std::int64_t row) { return load_raw<pack>(x + row * channels + tile.channel, tile.valid); },
      [&](std::int64_t, const RawLanes<T, pack>& loaded) {
        const Lanes<pack> value = lanes_of(loaded);
        for (int i = 0; i < pack; ++i)
          sum[i] += value[i];
      });
  sum = sum_over_rows(sum, scratch.data());
  if (threadIdx.y != 0) return;
  const float share = 1.0F / static_cast<float>(pixels);
  for (int i = 0; i < pack; ++i)
    sum[i] *= share;
  store_lanes(y + tile.chunk * channels + tile.channel, sum, tile.valid);
}

template <class T>
__global__ void backward_kernel(const T* y_gradient, T* x_gradient, ActivationView view) {
  constexpr int pack = pack_lanes<T>;
  const float share = 1.0F / static_cast<float>(view.pixels());
  for_each_pack_of_image_row<pack>(
      view, [&](std::int64_t image, std::int64_t row, std::int64_t column, std::int64_t channel, int valid) {
        Lanes<pack> gradient = load_lanes<pack>(y_gradient + image * view.lanes + channel, valid);
        for (int i = 0; i < pack; ++i)
          gradient[i] *= share;
        store_lanes(x_gradient + pixel_offset(view, image, row, column) + channel, gradient, valid);
      });
}

}  // namespace

void global_average_pool(Target target, const GlobalAveragePool& arguments) {
  const ActivationView view = arguments.view;
  require_channels_last("global_average_pool", view);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    // Images lie along y, of which a grid has no more.
    for (std::int64_t first = 0; first < view.batch; first += maximum_blocks_along_y) {
      ActivationView images = view;
      images.batch = std::min<std::int64_t>(maximum_blocks_along_y, view.batch - first);
      ChannelSumsGrid grid(images);
      grid.cut(images.rows(), images.pixels());
      launch(target, "global_average_pool", forward_kernel<T>, channel_tile_shape(grid, pack_lanes<T>),
             static_cast<const T*>(arguments.x) + first * view.pixels() * view.lanes,
             static_cast<T*>(arguments.y) + first * view.lanes, images.batch, view.pixels(), view.lanes);
    }
  });
}

void global_average_pool_backward(Target target, const GlobalAveragePoolBackward& arguments) {
  require_channels_last("global_average_pool_backward", arguments.view);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    launch(target, "global_average_pool_backward", backward_kernel<T>, image_rows_shape(arguments.view, pack_lanes<T>),
           static_cast<const T*>(arguments.y_gradient), static_cast<T*>(arguments.x_gradient), arguments.view);
  });
}

}  // namespace sleight::kernels

#include "kernels/resize_channels.h"

#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"

namespace sleight::kernels {

namespace {

// Packs of the output, which are aligned whatever the channels; the input, which is smaller or hardly larger, is read
// element by element by neighboring threads.
template <class T>
__global__ void resize_channels_kernel(ResizeChannels a) {
  const T* const x = static_cast<const T*>(a.x);
  for_each_pack<pack_lanes<T>>(a.rows * a.to_channels, [&](std::int64_t first, int valid) {
    std::int64_t row = first / a.to_channels;
    std::int64_t channel = first % a.to_channels;
    Lanes<pack_lanes<T>> values;
    for (int i = 0; i < pack_lanes<T>; ++i) {
      values[i] =
          i < valid && channel < a.from_channels ? static_cast<float>(x[row * a.from_channels + channel]) : 0.0F;
      if (++channel == a.to_channels) {
        channel = 0;
        ++row;
      }
    }
    store_lanes(static_cast<T*>(a.y) + first, values, valid);
  });
}

}  // namespace

void resize_channels(Target target, const ResizeChannels& arguments) {
  check_arguments(arguments);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    launch(target, "resize_channels", resize_channels_kernel<T>,
           pack_shape(arguments.rows * arguments.to_channels, pack_lanes<T>), arguments);
  });
}

}  // namespace sleight::kernels

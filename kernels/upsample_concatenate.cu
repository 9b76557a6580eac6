#include "kernels/upsample_concatenate.h"

#include "kernels/lib/channel_tile.h"
#include "kernels/lib/image_rows.h"

namespace sleight::kernels {
namespace {

template <class Arguments>
void require_channels_last_everywhere(const char* kernel, const Arguments& arguments) {
  require_channels_last(kernel, arguments.x_view);
  require_channels_last(kernel, arguments.skip_view);
  require_channels_last(kernel, arguments.y_view);
}

// A block takes a row of y: first its channels from x, then those from skip, so that packs are counted from the start
// of each and 16-byte accesses stay whole where A and B allow them.
template <class T>
__global__ void forward_kernel(UpsampleConcatenate arguments, ActivationView upsampled) {
  constexpr int pack = pack_lanes<T>;
  const ActivationView x = arguments.x_view, skip = arguments.skip_view, y = arguments.y_view;
  T* to = static_cast<T*>(arguments.y);
  for_each_pack_of_image_row<pack>(
      upsampled, [&](std::int64_t image, std::int64_t row, std::int64_t column, std::int64_t channel, int valid) {
        const T* from = static_cast<const T*>(arguments.x) + pixel_offset(x, image, row / 2, column / 2) + channel;
        store_lanes(to + pixel_offset(y, image, row, column) + channel, load_lanes<pack>(from, valid), valid);
      });
  for_each_pack_of_image_row<pack>(
      skip, [&](std::int64_t image, std::int64_t row, std::int64_t column, std::int64_t channel, int valid) {
        const T* from = static_cast<const T*>(arguments.skip) + pixel_offset(skip, image, row, column) + channel;
        store_lanes(to + pixel_offset(y, image, row, column) + x.lanes + channel, load_lanes<pack>(from, valid), valid);
      });
}

// Two rows of y for one of x, seen as one row of twice the width: they are neighbors in memory.
ActivationView two_rows_as_one(const ActivationView& view) {
  return {view.batch, view.height / 2, view.width * 2, 1, view.lanes};
}

// A block takes a row of x_gradient and the two rows of y_gradient above it.
template <class T>
__global__ void backward_kernel(UpsampleConcatenateBackward arguments, ActivationView skip_rows,
                                ActivationView y_rows) {
  constexpr int pack = pack_lanes<T>;
  const ActivationView x = arguments.x_view;
  const T* y_gradient = static_cast<const T*>(arguments.y_gradient);
  for_each_pack_of_image_row<pack>(
      x, [&](std::int64_t image, std::int64_t row, std::int64_t column, std::int64_t channel, int valid) {
        const T* upper = y_gradient + pixel_offset(y_rows, image, row, 2 * column) + channel;
        const T* lower = upper + arguments.y_view.width * y_rows.lanes;
        Lanes<pack> sum = load_lanes<pack>(upper, valid);
        const auto add = [&](const T* other) {
          const Lanes<pack> value = load_lanes<pack>(other, valid);
          for (int i = 0; i < pack; ++i)
            sum[i] += value[i];
        };
        add(upper + y_rows.lanes);
        add(lower);
        add(lower + y_rows.lanes);
        store_lanes(static_cast<T*>(arguments.x_gradient) + pixel_offset(x, image, row, column) + channel, sum, valid);
      });
  for_each_pack_of_image_row<pack>(
      skip_rows, [&](std::int64_t image, std::int64_t row, std::int64_t column, std::int64_t channel, int valid) {
        const T* from = y_gradient + pixel_offset(y_rows, image, row, column) + x.lanes + channel;
        store_lanes(static_cast<T*>(arguments.skip_gradient) + pixel_offset(skip_rows, image, row, column) + channel,
                    load_lanes<pack>(from, valid), valid);
      });
}

}  // namespace

void upsample_concatenate(Target target, const UpsampleConcatenate& arguments) {
  require_channels_last_everywhere("upsample_concatenate", arguments);
  ActivationView upsampled = arguments.y_view;
  upsampled.lanes = arguments.x_view.lanes;
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    launch(target, "upsample_concatenate", forward_kernel<T>, image_rows_shape(arguments.y_view, pack_lanes<T>),
           arguments, upsampled);
  });
}

void upsample_concatenate_backward(Target target, const UpsampleConcatenateBackward& arguments) {
  require_channels_last_everywhere("upsample_concatenate_backward", arguments);
  const ActivationView y_rows = two_rows_as_one(arguments.y_view);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    launch(target, "upsample_concatenate_backward", backward_kernel<T>, image_rows_shape(y_rows, pack_lanes<T>),
           arguments, two_rows_as_one(arguments.skip_view), y_rows);
  });
}

}  // namespace sleight::kernels

#include "kernels/upsample_concatenate.h"

#include <algorithm>

#include "kernels/lib/channel_strips.h"

namespace sleight::kernels {
namespace {

// Where a row of one channel starts; its pixels are view.lanes apart.
std::int64_t row_offset(const ActivationView& view, std::int64_t image, std::int64_t channel, std::int64_t row) {
  return ((image * view.blocks + channel / view.lanes) * view.height + row) * view.width * view.lanes +
         channel % view.lanes;
}

// body(channel, lanes) for runs of channels of `part` that are neighbors in memory on both sides, where channel c of
// `part` is channel first + c of `whole`: the three images may differ in layout, as 24 and 40 channels lie channels
// last beside 64 in blocks of 16.
template <class Body>
void for_each_run(const ActivationView& part, const ActivationView& whole, std::int64_t first, Body&& body) {
  for (std::int64_t channel = 0; channel < part.channels();) {
    const std::int64_t lanes =
        std::min(part.lanes - channel % part.lanes, whole.lanes - (first + channel) % whole.lanes);
    for_each_lane_group(lanes, [&](std::int64_t lane, auto count) { body(channel + lane, count); });
    channel += lanes;
  }
}

template <class T>
void forward(const UpsampleConcatenate& arguments) {
  const ActivationView &x = arguments.x_view, &skip = arguments.skip_view, &y = arguments.y_view;

#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t image = 0; image < y.batch; ++image)
    for (std::int64_t row = 0; row < y.height; ++row) {
      for_each_run(x, y, 0, [&](std::int64_t channel, auto lanes) {
        const T* from = static_cast<const T*>(arguments.x) + row_offset(x, image, channel, row / 2);
        T* to = static_cast<T*>(arguments.y) + row_offset(y, image, channel, row);
        for (std::int64_t column = 0; column < y.width; ++column)
          std::copy_n(from + column / 2 * x.lanes, lanes, to + column * y.lanes);
      });
      for_each_run(skip, y, x.channels(), [&](std::int64_t channel, auto lanes) {
        const T* from = static_cast<const T*>(arguments.skip) + row_offset(skip, image, channel, row);
        T* to = static_cast<T*>(arguments.y) + row_offset(y, image, x.channels() + channel, row);
        for (std::int64_t column = 0; column < y.width; ++column)
          std::copy_n(from + column * skip.lanes, lanes, to + column * y.lanes);
      });
    }
}

template <class T>
void backward(const UpsampleConcatenateBackward& arguments) {
  using A = Accumulator<T>;
  const ActivationView &x = arguments.x_view, &skip = arguments.skip_view, &y = arguments.y_view;
  const T* y_gradient = static_cast<const T*>(arguments.y_gradient);

#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t image = 0; image < x.batch; ++image)
    for (std::int64_t row = 0; row < x.height; ++row) {
      for_each_run(x, y, 0, [&](std::int64_t channel, auto lanes) {
        const T* upper = y_gradient + row_offset(y, image, channel, 2 * row);
        const T* lower = y_gradient + row_offset(y, image, channel, 2 * row + 1);
        T* to = static_cast<T*>(arguments.x_gradient) + row_offset(x, image, channel, row);
        for (std::int64_t column = 0; column < x.width; ++column) {
          const std::int64_t left = 2 * column * y.lanes, right = left + y.lanes;
#pragma omp simd
          for (std::int64_t lane = 0; lane < lanes; ++lane)
            to[column * x.lanes + lane] = T(static_cast<A>(upper[left + lane]) + static_cast<A>(upper[right + lane]) +
                                            static_cast<A>(lower[left + lane]) + static_cast<A>(lower[right + lane]));
        }
      });
      for (std::int64_t skip_row = 2 * row; skip_row < 2 * row + 2; ++skip_row)
        for_each_run(skip, y, x.channels(), [&](std::int64_t channel, auto lanes) {
          const T* from = y_gradient + row_offset(y, image, x.channels() + channel, skip_row);
          T* to = static_cast<T*>(arguments.skip_gradient) + row_offset(skip, image, channel, skip_row);
          for (std::int64_t column = 0; column < y.width; ++column)
            std::copy_n(from + column * y.lanes, lanes, to + column * skip.lanes);
        });
    }
}

}  // namespace

void upsample_concatenate(Cpu, const UpsampleConcatenate& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { forward<T>(arguments); });
}

void upsample_concatenate_backward(Cpu, const UpsampleConcatenateBackward& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { backward<T>(arguments); });
}

}  // namespace sleight::kernels

#include "kernels/max_pool.h"

#include <limits>

#include "kernels/pool_strips.h"

namespace sleight::kernels {
namespace {

template <class T>
void forward(const MaxPool& arguments) {
  using A = Accumulator<T>;
  const ActivationView input = arguments.input;
  const ActivationView output = pooled_view(input, arguments.window);
  const PoolWindow window = arguments.window;
  for_each_window(
      output, [&](std::int64_t plane, std::int64_t out_row, std::int64_t out_column, std::int64_t first, auto lanes) {
        const PoolRange<std::int64_t> rows = window_pixels(out_row, input.height, window);
        const PoolRange<std::int64_t> columns = window_pixels(out_column, input.width, window);
        const std::int64_t corner =
            (out_row * window.stride - window.padding) * window.kernel + (out_column * window.stride - window.padding);
        const std::int32_t start = static_cast<std::int32_t>(rows.begin * window.kernel + columns.begin - corner);
        A largest[strip_lanes];
        std::int32_t place[strip_lanes];
        for (std::int64_t lane = 0; lane < strip_lanes; ++lane) {
          largest[lane] = -std::numeric_limits<A>::infinity();
          place[lane] = start;
        }
        for_each_place(rows, columns, [&](std::int64_t row, std::int64_t column) {
          const T* x = static_cast<const T*>(arguments.x) + plane_offset(input, plane, row, column) + first;
          const std::int32_t here = static_cast<std::int32_t>(row * window.kernel + column - corner);
#pragma omp simd
          for (std::int64_t lane = 0; lane < lanes; ++lane) {
            const A value = static_cast<A>(x[lane]);
            const bool take = (value > largest[lane]) | (value != value);
            largest[lane] = take ? value : largest[lane];
            place[lane] = take ? here : place[lane];
          }
        });
        const std::int64_t to = plane_offset(output, plane, out_row, out_column) + first;
        store_strip<T>(arguments.y, to, largest, lanes);
        if (arguments.argmax != nullptr) store_strip<std::uint8_t>(arguments.argmax, to, place, lanes);
      });
}

template <class T>
void backward(const MaxPoolBackward& arguments) {
  using A = Accumulator<T>;
  const ActivationView input = arguments.input;
  const ActivationView output = pooled_view(input, arguments.window);
  const PoolWindow window = arguments.window;
  for_each_window(
      input, [&](std::int64_t plane, std::int64_t row, std::int64_t column, std::int64_t first, auto lanes) {
        A sum[strip_lanes] = {};
        for_each_place(covering_windows(row, output.height, window), covering_windows(column, output.width, window),
                       [&](std::int64_t out_row, std::int64_t out_column) {
                         const std::int64_t from = plane_offset(output, plane, out_row, out_column) + first;
                         const T* y_gradient = static_cast<const T*>(arguments.y_gradient) + from;
                         const std::uint8_t* argmax = arguments.argmax + from;
                         const std::int64_t here = (row - (out_row * window.stride - window.padding)) * window.kernel +
                                                   column - (out_column * window.stride - window.padding);
                         const std::int32_t place = static_cast<std::int32_t>(here);
#pragma omp simd
                         for (std::int64_t lane = 0; lane < lanes; ++lane)
                           sum[lane] += std::int32_t{argmax[lane]} == place ? static_cast<A>(y_gradient[lane]) : A(0);
                       });
        store_strip<T>(arguments.x_gradient, plane_offset(input, plane, row, column) + first, sum, lanes);
      });
}

}  // namespace

void max_pool(Cpu, const MaxPool& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { forward<T>(arguments); });
}

void max_pool_backward(Cpu, const MaxPoolBackward& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { backward<T>(arguments); });
}

}  // namespace sleight::kernels

#include "kernels/average_pool.h"

#include "kernels/pool_strips.h"

namespace sleight::kernels {
namespace {

template <class A>
A share_of_a_pixel(const PoolRange<std::int64_t>& rows, const PoolRange<std::int64_t>& columns) {
  return A(1) / static_cast<A>((rows.end - rows.begin) * (columns.end - columns.begin));
}

template <class T>
void forward(const AveragePool& arguments) {
  using A = Accumulator<T>;
  const ActivationView input = arguments.input;
  const ActivationView output = pooled_view(input, arguments.window);
  for_each_window(
      output, [&](std::int64_t plane, std::int64_t out_row, std::int64_t out_column, std::int64_t first, auto lanes) {
        const PoolRange<std::int64_t> rows = window_pixels(out_row, input.height, arguments.window);
        const PoolRange<std::int64_t> columns = window_pixels(out_column, input.width, arguments.window);
        const A share = share_of_a_pixel<A>(rows, columns);
        A sum[strip_lanes] = {};
        for_each_place(rows, columns, [&](std::int64_t row, std::int64_t column) {
          const T* x = static_cast<const T*>(arguments.x) + plane_offset(input, plane, row, column) + first;
#pragma omp simd
          for (std::int64_t lane = 0; lane < lanes; ++lane)
            sum[lane] += static_cast<A>(x[lane]);
        });
#pragma omp simd
        for (std::int64_t lane = 0; lane < lanes; ++lane)
          sum[lane] *= share;
        store_strip<T>(arguments.y, plane_offset(output, plane, out_row, out_column) + first, sum, lanes);
      });
}

template <class T>
void backward(const AveragePoolBackward& arguments) {
  using A = Accumulator<T>;
  const ActivationView input = arguments.input;
  const ActivationView output = pooled_view(input, arguments.window);
  for_each_window(
      input, [&](std::int64_t plane, std::int64_t row, std::int64_t column, std::int64_t first, auto lanes) {
        A sum[strip_lanes] = {};
        for_each_place(covering_windows(row, output.height, arguments.window),
                       covering_windows(column, output.width, arguments.window),
                       [&](std::int64_t out_row, std::int64_t out_column) {
                         const A share = share_of_a_pixel<A>(window_pixels(out_row, input.height, arguments.window),
                                                             window_pixels(out_column, input.width, arguments.window));
                         const T* y_gradient = static_cast<const T*>(arguments.y_gradient) +
                                               plane_offset(output, plane, out_row, out_column) + first;
#pragma omp simd
                         for (std::int64_t lane = 0; lane < lanes; ++lane)
                           sum[lane] += static_cast<A>(y_gradient[lane]) * share;
                       });
        store_strip<T>(arguments.x_gradient, plane_offset(input, plane, row, column) + first, sum, lanes);
      });
}

}  // namespace

void average_pool(Cpu, const AveragePool& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { forward<T>(arguments); });
}

void average_pool_backward(Cpu, const AveragePoolBackward& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { backward<T>(arguments); });
}

}  // namespace sleight::kernels

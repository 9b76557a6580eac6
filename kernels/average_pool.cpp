#include "kernels/average_pool.h"

#include "kernels/channel_strips.h"

namespace sleight::kernels {
namespace {

template <class T>
void forward(const AveragePool& arguments) {
  using A = Accumulator<T>;
  const ActivationView input = arguments.input;
  const ActivationView output = pooled_view(input, arguments.window);
  const std::int64_t planes = input.batch * input.blocks;

#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t plane = 0; plane < planes; ++plane)
    for (std::int64_t out_row = 0; out_row < output.height; ++out_row) {
      const PoolRange rows = window_pixels(out_row, input.height, arguments.window);
      for (std::int64_t out_column = 0; out_column < output.width; ++out_column) {
        const PoolRange columns = window_pixels(out_column, input.width, arguments.window);
        const A share = A(1) / static_cast<A>((rows.end - rows.begin) * (columns.end - columns.begin));
        for_each_lane_group(input.lanes, [&](std::int64_t first, auto lanes) {
          A sum[strip_lanes] = {};
          for (std::int64_t row = rows.begin; row < rows.end; ++row)
            for (std::int64_t column = columns.begin; column < columns.end; ++column) {
              const T* x = static_cast<const T*>(arguments.x) +
                           ((plane * input.height + row) * input.width + column) * input.lanes + first;
#pragma omp simd
              for (std::int64_t lane = 0; lane < lanes; ++lane)
                sum[lane] += static_cast<A>(x[lane]);
            }
          T* y = static_cast<T*>(arguments.y) +
                 ((plane * output.height + out_row) * output.width + out_column) * input.lanes + first;
#pragma omp simd
          for (std::int64_t lane = 0; lane < lanes; ++lane)
            y[lane] = T(sum[lane] * share);
        });
      }
    }
}

template <class T>
void backward(const AveragePoolBackward& arguments) {
  using A = Accumulator<T>;
  const ActivationView input = arguments.input;
  const ActivationView output = pooled_view(input, arguments.window);
  const std::int64_t planes = input.batch * input.blocks;

#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t plane = 0; plane < planes; ++plane)
    for (std::int64_t row = 0; row < input.height; ++row) {
      const PoolRange out_rows = covering_windows(row, output.height, arguments.window);
      for (std::int64_t column = 0; column < input.width; ++column) {
        const PoolRange out_columns = covering_windows(column, output.width, arguments.window);
        for_each_lane_group(input.lanes, [&](std::int64_t first, auto lanes) {
          A sum[strip_lanes] = {};
          for (std::int64_t out_row = out_rows.begin; out_row < out_rows.end; ++out_row)
            for (std::int64_t out_column = out_columns.begin; out_column < out_columns.end; ++out_column) {
              const PoolRange rows = window_pixels(out_row, input.height, arguments.window);
              const PoolRange columns = window_pixels(out_column, input.width, arguments.window);
              const A share = A(1) / static_cast<A>((rows.end - rows.begin) * (columns.end - columns.begin));
              const T* y_gradient = static_cast<const T*>(arguments.y_gradient) +
                                    ((plane * output.height + out_row) * output.width + out_column) * input.lanes +
                                    first;
#pragma omp simd
              for (std::int64_t lane = 0; lane < lanes; ++lane)
                sum[lane] += static_cast<A>(y_gradient[lane]) * share;
            }
          T* x_gradient = static_cast<T*>(arguments.x_gradient) +
                          ((plane * input.height + row) * input.width + column) * input.lanes + first;
#pragma omp simd
          for (std::int64_t lane = 0; lane < lanes; ++lane)
            x_gradient[lane] = T(sum[lane]);
        });
      }
    }
}

}  // namespace

void average_pool(Cpu, const AveragePool& arguments) {
  visit_cpu_type(arguments.type, [&](auto tag) { forward<typename decltype(tag)::type>(arguments); });
}

void average_pool_backward(Cpu, const AveragePoolBackward& arguments) {
  visit_cpu_type(arguments.type, [&](auto tag) { backward<typename decltype(tag)::type>(arguments); });
}

}  // namespace sleight::kernels

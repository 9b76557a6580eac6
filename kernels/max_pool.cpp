#include "kernels/max_pool.h"

#include <limits>

#include "kernels/channel_strips.h"

namespace sleight::kernels {
namespace {

template <class T>
void forward(const MaxPool& arguments) {
  using A = Accumulator<T>;
  const ActivationView input = arguments.input;
  const ActivationView output = pooled_view(input, arguments.window);
  const PoolWindow window = arguments.window;
  const std::int64_t planes = input.batch * input.blocks;

#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t plane = 0; plane < planes; ++plane)
    for (std::int64_t out_row = 0; out_row < output.height; ++out_row) {
      const PoolRange rows = window_pixels(out_row, input.height, window);
      for (std::int64_t out_column = 0; out_column < output.width; ++out_column) {
        const PoolRange columns = window_pixels(out_column, input.width, window);
        const std::int64_t to = ((plane * output.height + out_row) * output.width + out_column) * input.lanes;
        const std::int64_t corner =
            (out_row * window.stride - window.padding) * window.kernel + (out_column * window.stride - window.padding);
        for_each_lane_group(input.lanes, [&](std::int64_t first, auto lanes) {
          A largest[strip_lanes];
          std::int32_t place[strip_lanes];
          const std::int32_t start = static_cast<std::int32_t>(rows.begin * window.kernel + columns.begin - corner);
          for (std::int64_t lane = 0; lane < strip_lanes; ++lane) {
            largest[lane] = -std::numeric_limits<A>::infinity();
            place[lane] = start;
          }
          for (std::int64_t row = rows.begin; row < rows.end; ++row)
            for (std::int64_t column = columns.begin; column < columns.end; ++column) {
              const T* x = static_cast<const T*>(arguments.x) +
                           ((plane * input.height + row) * input.width + column) * input.lanes + first;
              const std::int32_t here = static_cast<std::int32_t>(row * window.kernel + column - corner);
#pragma omp simd
              for (std::int64_t lane = 0; lane < lanes; ++lane) {
                const A value = static_cast<A>(x[lane]);
                const bool take = (value > largest[lane]) | (value != value);
                largest[lane] = take ? value : largest[lane];
                place[lane] = take ? here : place[lane];
              }
            }
          T* y = static_cast<T*>(arguments.y) + to + first;
#pragma omp simd
          for (std::int64_t lane = 0; lane < lanes; ++lane)
            y[lane] = T(largest[lane]);
          if (arguments.argmax != nullptr) {
            std::uint8_t* argmax = arguments.argmax + to + first;
#pragma omp simd
            for (std::int64_t lane = 0; lane < lanes; ++lane)
              argmax[lane] = static_cast<std::uint8_t>(place[lane]);
          }
        });
      }
    }
}

template <class T>
void backward(const MaxPoolBackward& arguments) {
  using A = Accumulator<T>;
  const ActivationView input = arguments.input;
  const ActivationView output = pooled_view(input, arguments.window);
  const PoolWindow window = arguments.window;
  const std::int64_t planes = input.batch * input.blocks;

#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t plane = 0; plane < planes; ++plane)
    for (std::int64_t row = 0; row < input.height; ++row) {
      const PoolRange out_rows = covering_windows(row, output.height, window);
      for (std::int64_t column = 0; column < input.width; ++column) {
        const PoolRange out_columns = covering_windows(column, output.width, window);
        for_each_lane_group(input.lanes, [&](std::int64_t first, auto lanes) {
          A sum[strip_lanes] = {};
          for (std::int64_t out_row = out_rows.begin; out_row < out_rows.end; ++out_row)
            for (std::int64_t out_column = out_columns.begin; out_column < out_columns.end; ++out_column) {
              const std::int64_t from =
                  ((plane * output.height + out_row) * output.width + out_column) * input.lanes + first;
              const T* y_gradient = static_cast<const T*>(arguments.y_gradient) + from;
              const std::uint8_t* argmax = arguments.argmax + from;
              const std::int64_t here = (row - (out_row * window.stride - window.padding)) * window.kernel + column -
                                        (out_column * window.stride - window.padding);
              const std::int32_t place = static_cast<std::int32_t>(here);
#pragma omp simd
              for (std::int64_t lane = 0; lane < lanes; ++lane)
                sum[lane] += std::int32_t{argmax[lane]} == place ? static_cast<A>(y_gradient[lane]) : A(0);
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

void max_pool(Cpu, const MaxPool& arguments) {
  visit_cpu_type(arguments.type, [&](auto tag) { forward<typename decltype(tag)::type>(arguments); });
}

void max_pool_backward(Cpu, const MaxPoolBackward& arguments) {
  visit_cpu_type(arguments.type, [&](auto tag) { backward<typename decltype(tag)::type>(arguments); });
}

}  // namespace sleight::kernels

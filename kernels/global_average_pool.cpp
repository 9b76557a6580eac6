#include "kernels/global_average_pool.h"

#include "kernels/lib/channel_strips.h"

namespace sleight::kernels {
namespace {

template <class T>
void forward(const GlobalAveragePool& arguments) {
  using A = Accumulator<T>;
  const ActivationView view = arguments.view;
  const A share = A(1) / static_cast<A>(view.pixels());
  const std::int64_t planes = view.batch * view.blocks;

#pragma omp parallel for schedule(static)
  for (std::int64_t plane = 0; plane < planes; ++plane)
    for_each_lane_group(view.lanes, [&](std::int64_t first, auto lanes) {
      // Row by row, then the rows: a sum of sums loses less than one long sum.
      A total[strip_lanes] = {};
      for (std::int64_t row = 0; row < view.height; ++row) {
        A sum[strip_lanes] = {};
        const T* x =
            static_cast<const T*>(arguments.x) + (plane * view.pixels() + row * view.width) * view.lanes + first;
        for (std::int64_t column = 0; column < view.width; ++column, x += view.lanes)
#pragma omp simd
          for (std::int64_t lane = 0; lane < lanes; ++lane)
            sum[lane] += static_cast<A>(x[lane]);
#pragma omp simd
        for (std::int64_t lane = 0; lane < lanes; ++lane)
          total[lane] += sum[lane];
      }
      // Planes are (image, block): their lanes lie one after the other in the matrix as well.
      T* y = static_cast<T*>(arguments.y) + plane * view.lanes + first;
#pragma omp simd
      for (std::int64_t lane = 0; lane < lanes; ++lane)
        y[lane] = T(total[lane] * share);
    });
}

template <class T>
void backward(const GlobalAveragePoolBackward& arguments) {
  using A = Accumulator<T>;
  const ActivationView view = arguments.view;
  const A share = A(1) / static_cast<A>(view.pixels());
  const std::int64_t planes = view.batch * view.blocks;

#pragma omp parallel for schedule(static)
  for (std::int64_t plane = 0; plane < planes; ++plane)
    for_each_lane_group(view.lanes, [&](std::int64_t first, auto lanes) {
      const T* y_gradient = static_cast<const T*>(arguments.y_gradient) + plane * view.lanes + first;
      T value[strip_lanes];
      for (std::int64_t lane = 0; lane < lanes; ++lane)
        value[lane] = T(static_cast<A>(y_gradient[lane]) * share);
      T* x_gradient = static_cast<T*>(arguments.x_gradient) + plane * view.pixels() * view.lanes + first;
      for (std::int64_t pixel = 0; pixel < view.pixels(); ++pixel, x_gradient += view.lanes)
#pragma omp simd
        for (std::int64_t lane = 0; lane < lanes; ++lane)
          x_gradient[lane] = value[lane];
    });
}

}  // namespace

void global_average_pool(Cpu, const GlobalAveragePool& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { forward<T>(arguments); });
}

void global_average_pool_backward(Cpu, const GlobalAveragePoolBackward& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { backward<T>(arguments); });
}

}  // namespace sleight::kernels

#include "kernels/bias.h"

#include <algorithm>

#include "kernels/lib/channel_strips.h"
#include "kernels/lib/channel_sums.h"

namespace sleight::kernels {

std::int64_t bias_gradient_workspace_bytes(const ActivationView& view) {
  return std::max(ChannelStrips::workspace_bytes(view, 1), ChannelSumsGrid(view).workspace_bytes(1));
}

void bias(Cpu, const Bias& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    using A = Accumulator<T>;
    ChannelStrips(arguments.view).for_each([&](const ChannelStrip& strip, auto lanes, std::int64_t) {
      const A* all = static_cast<const A*>(arguments.bias) + strip.first_channel;
      A offset[strip_lanes];
      std::copy_n(all, lanes, offset);
      const T* x = static_cast<const T*>(arguments.x) + strip.offset;
      T* y = static_cast<T*>(arguments.y) + strip.offset;
      for (std::int64_t row = 0; row < strip.rows; ++row, x += strip.stride, y += strip.stride)
#pragma omp simd
        for (std::int64_t lane = 0; lane < lanes; ++lane)
          y[lane] = T(static_cast<A>(x[lane]) + offset[lane]);
    });
  });
}

void bias_gradient(Cpu, const BiasGradient& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    using A = Accumulator<T>;
    const ChannelStrips strips(arguments.view);
    double* partial = static_cast<double*>(arguments.workspace);
    strips.for_each([&](const ChannelStrip& strip, auto lanes, std::int64_t index) {
      A sum[strip_lanes] = {};
      const T* y_gradient = static_cast<const T*>(arguments.y_gradient) + strip.offset;
      for (std::int64_t row = 0; row < strip.rows; ++row, y_gradient += strip.stride)
#pragma omp simd
        for (std::int64_t lane = 0; lane < lanes; ++lane)
          sum[lane] += static_cast<A>(y_gradient[lane]);
      std::copy_n(sum, strip_lanes, partial + index * strip_lanes);
    });
    A* result = static_cast<A*>(arguments.bias_gradient);
    strips.combine<1>(partial,
                      [&](std::int64_t channel, const double* total) { result[channel] = static_cast<A>(total[0]); });
  });
}

}  // namespace sleight::kernels

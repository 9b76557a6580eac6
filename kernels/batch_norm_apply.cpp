#include "kernels/batch_norm_apply.h"

#include "kernels/lib/channel_strips.h"

namespace sleight::kernels {
namespace {

template <class T, ActivationFunction function>
void apply(const BatchNormApply& arguments) {
  using A = Accumulator<T>;
  const A* all_mean = static_cast<const A*>(arguments.mean);
  const A* all_inverse = static_cast<const A*>(arguments.inverse_deviation);
  const A* all_gamma = static_cast<const A*>(arguments.gamma);
  const A* all_beta = static_cast<const A*>(arguments.beta);
  const A slope = static_cast<A>(arguments.slope);

  ChannelStrips(arguments.view).for_each([&](const ChannelStrip& strip, auto lanes, std::int64_t) {
    A mean[strip_lanes], scale[strip_lanes], beta[strip_lanes];
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const std::int64_t channel = strip.first_channel + lane;
      mean[lane] = all_mean[channel];
      scale[lane] = all_gamma[channel] * all_inverse[channel];
      beta[lane] = all_beta[channel];
    }
    const T* x = static_cast<const T*>(arguments.x) + strip.offset;
    T* z = static_cast<T*>(arguments.z) + strip.offset;
    if (arguments.residual == nullptr) {
      for (std::int64_t row = 0; row < strip.rows; ++row, x += strip.stride, z += strip.stride)
#pragma omp simd
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
          const A value = batch_norm_value(static_cast<A>(x[lane]), mean[lane], scale[lane], beta[lane]);
          z[lane] = T(activate<function>(value, slope));
        }
    } else {
      const T* residual = static_cast<const T*>(arguments.residual) + strip.offset;
      for (std::int64_t row = 0; row < strip.rows;
           ++row, x += strip.stride, z += strip.stride, residual += strip.stride)
#pragma omp simd
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
          const A value = batch_norm_value(static_cast<A>(x[lane]), mean[lane], scale[lane], beta[lane]);
          z[lane] = T(activate<function>(value + static_cast<A>(residual[lane]), slope));
        }
    }
  });
}

}  // namespace

void batch_norm_apply(Cpu, const BatchNormApply& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    visit_activation(arguments.activation, [&](auto function) { apply<T, function.value>(arguments); });
  });
}

}  // namespace sleight::kernels

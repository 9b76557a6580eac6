#include "kernels/batch_norm_backward.h"

#include "kernels/batch_norm_apply.h"
#include "kernels/lib/channel_strips.h"

namespace sleight::kernels {
namespace {

template <class T, ActivationFunction function>
void backward_reduce(const BatchNormBackwardReduce& arguments) {
  using A = Accumulator<T>;
  const ChannelStrips strips(arguments.view);
  const A* all_mean = static_cast<const A*>(arguments.mean);
  const A* all_inverse = static_cast<const A*>(arguments.inverse_deviation);
  const A* all_gamma = static_cast<const A*>(arguments.gamma);
  const A* all_beta = static_cast<const A*>(arguments.beta);
  const A slope = static_cast<A>(arguments.slope);
  const bool sign_from_x = function != ActivationFunction::none && arguments.z == nullptr;
  const bool sign_from_z = function != ActivationFunction::none && arguments.z != nullptr;
  double* partial = static_cast<double*>(arguments.workspace);

  strips.for_each([&](const ChannelStrip& strip, auto lanes, std::int64_t index) {
    A mean[strip_lanes], scale[strip_lanes] = {}, beta[strip_lanes] = {};
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const std::int64_t channel = strip.first_channel + lane;
      mean[lane] = all_mean[channel];
      if (sign_from_x) {
        scale[lane] = all_gamma[channel] * all_inverse[channel];
        beta[lane] = all_beta[channel];
      }
    }
    A sum[strip_lanes] = {}, product_sum[strip_lanes] = {};
    const T* x = static_cast<const T*>(arguments.x);
    const T* first = static_cast<const T*>(arguments.z_gradient);
    const T* second = static_cast<const T*>(arguments.second_z_gradient);
    const T* z = static_cast<const T*>(arguments.z);
    T* masked = static_cast<T*>(arguments.masked_gradient);
    for (std::int64_t row = 0, at = strip.offset; row < strip.rows; ++row, at += strip.stride) {
      A gradient[strip_lanes];
#pragma omp simd
      for (std::int64_t lane = 0; lane < lanes; ++lane)
        gradient[lane] = static_cast<A>(first[at + lane]);
      if (second != nullptr)
#pragma omp simd
        for (std::int64_t lane = 0; lane < lanes; ++lane)
          gradient[lane] += static_cast<A>(second[at + lane]);
      if (sign_from_z)
#pragma omp simd
        for (std::int64_t lane = 0; lane < lanes; ++lane)
          gradient[lane] = activation_gradient<function>(gradient[lane], static_cast<A>(z[at + lane]), slope);
      if (sign_from_x)
#pragma omp simd
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
          const A value = batch_norm_value(static_cast<A>(x[at + lane]), mean[lane], scale[lane], beta[lane]);
          gradient[lane] = activation_gradient<function>(gradient[lane], value, slope);
        }
      if (masked != nullptr)
#pragma omp simd
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
          const T rounded = T(gradient[lane]);
          masked[at + lane] = rounded;
          gradient[lane] = static_cast<A>(rounded);
        }
#pragma omp simd
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        sum[lane] += gradient[lane];
        product_sum[lane] += gradient[lane] * (static_cast<A>(x[at + lane]) - mean[lane]);
      }
    }
    double* out = partial + index * 2 * strip_lanes;
    for (std::int64_t lane = 0; lane < strip_lanes; ++lane) {
      out[lane] = static_cast<double>(sum[lane]);
      out[strip_lanes + lane] = static_cast<double>(product_sum[lane]);
    }
  });

  A* beta_gradient = static_cast<A*>(arguments.beta_gradient);
  A* gamma_gradient = static_cast<A*>(arguments.gamma_gradient);
  strips.combine<2>(partial, [&](std::int64_t channel, const double* total) {
    beta_gradient[channel] = static_cast<A>(total[0]);
    gamma_gradient[channel] = static_cast<A>(total[1] * static_cast<double>(all_inverse[channel]));
  });
}

template <class T, ActivationFunction function>
void backward_apply(const BatchNormBackwardApply& arguments) {
  using A = Accumulator<T>;
  const A* all_mean = static_cast<const A*>(arguments.mean);
  const A* all_inverse = static_cast<const A*>(arguments.inverse_deviation);
  const A* all_gamma = static_cast<const A*>(arguments.gamma);
  const A* all_beta = static_cast<const A*>(arguments.beta);
  const A* all_beta_gradient = static_cast<const A*>(arguments.beta_gradient);
  const A* all_gamma_gradient = static_cast<const A*>(arguments.gamma_gradient);
  const A slope = static_cast<A>(arguments.slope);
  const A rows =
      static_cast<A>(arguments.rows != nullptr ? *arguments.rows : static_cast<double>(arguments.view.rows()));

  ChannelStrips(arguments.view).for_each([&](const ChannelStrip& strip, auto lanes, std::int64_t) {
    A mean[strip_lanes], scale[strip_lanes], beta[strip_lanes], gradient_mean[strip_lanes], correlation[strip_lanes];
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const std::int64_t channel = strip.first_channel + lane;
      mean[lane] = all_mean[channel];
      scale[lane] = all_gamma[channel] * all_inverse[channel];
      beta[lane] = function == ActivationFunction::none ? A(0) : all_beta[channel];
      gradient_mean[lane] = all_beta_gradient[channel] / rows;
      correlation[lane] = all_inverse[channel] * (all_gamma_gradient[channel] / rows);
    }
    const T* gradient = static_cast<const T*>(arguments.gradient) + strip.offset;
    const T* x = static_cast<const T*>(arguments.x) + strip.offset;
    T* x_gradient = static_cast<T*>(arguments.x_gradient) + strip.offset;
    const std::int64_t stride = strip.stride;
    for (std::int64_t row = 0; row < strip.rows; ++row, gradient += stride, x += stride, x_gradient += stride)
#pragma omp simd
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        const A value = static_cast<A>(x[lane]);
        const A masked = activation_gradient<function>(
            static_cast<A>(gradient[lane]), batch_norm_value(value, mean[lane], scale[lane], beta[lane]), slope);
        x_gradient[lane] = T(scale[lane] * (masked - gradient_mean[lane] - (value - mean[lane]) * correlation[lane]));
      }
  });
}

}  // namespace

void batch_norm_backward_reduce(Cpu, const BatchNormBackwardReduce& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    visit_activation(arguments.activation, [&](auto function) { backward_reduce<T, function.value>(arguments); });
  });
}

void batch_norm_backward_apply(Cpu, const BatchNormBackwardApply& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    visit_activation(arguments.activation, [&](auto function) { backward_apply<T, function.value>(arguments); });
  });
}

}  // namespace sleight::kernels

// The arithmetic of batch_norm_fold.h for one channel, the same on every device.
#pragma once

#include "kernels/batch_norm_channel.h"
#include "kernels/batch_norm_fold.h"

namespace sleight::kernels {

template <class T>
SLEIGHT_HOST_DEVICE inline void batch_norm_scale_shift_channel(const BatchNormScaleShift& arguments,
                                                               std::int64_t channel) {
  using A = Accumulator<T>;
  const A scale =
      static_cast<const A*>(arguments.gamma)[channel] * static_cast<const A*>(arguments.inverse_deviation)[channel];
  const A mean = static_cast<const A*>(arguments.mean)[channel];
  static_cast<T*>(arguments.scale)[channel] = T(scale);
  static_cast<T*>(arguments.shift)[channel] = T(static_cast<const A*>(arguments.beta)[channel] - mean * scale);
}

template <class A>
SLEIGHT_HOST_DEVICE inline void batch_norm_finish_sums_channel(const BatchNormFinishSums& arguments,
                                                               std::int64_t channel) {
  BatchNormFinishStatistics finish;
  finish.epsilon = arguments.epsilon;
  finish.mean = arguments.mean;
  finish.inverse_deviation = arguments.inverse_deviation;
  finish.unbiased_variance = arguments.unbiased_variance;
  batch_norm_finish_channel<A>(finish, channel, static_cast<double>(arguments.rows),
                               static_cast<double>(arguments.sum[channel]),
                               static_cast<double>(arguments.sum_of_squares[channel]));
}

}  // namespace sleight::kernels

// The arithmetic of batch_norm_statistics.h for one channel, the same on every device.
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "kernels/batch_norm_statistics.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

// A is the type of the statistics.
template <class A>
SLEIGHT_HOST_DEVICE inline void batch_norm_finish_channel(const BatchNormFinishStatistics& arguments,
                                                          std::int64_t channel, double rows, double sum,
                                                          double sum_of_squares) {
  const double mean = sum / rows;
  double variance = sum_of_squares / rows - mean * mean;
  if (variance < 0) variance = 0;  // rounding of a constant channel; a NaN stays
  static_cast<A*>(arguments.mean)[channel] = static_cast<A>(mean);
  static_cast<A*>(arguments.inverse_deviation)[channel] =
      static_cast<A>(1 / sqrt(variance + static_cast<double>(arguments.epsilon)));
  if (arguments.unbiased_variance != nullptr) {
    static_cast<A*>(arguments.unbiased_variance)[channel] =
        static_cast<A>(rows > 1 ? variance * (rows / (rows - 1)) : variance);
  }
}

template <class A>
SLEIGHT_HOST_DEVICE inline void batch_norm_inference_channel(const BatchNormInferenceStatistics& arguments,
                                                             std::int64_t channel) {
  const double variance = static_cast<double>(static_cast<const A*>(arguments.running_variance)[channel]);
  static_cast<A*>(arguments.mean)[channel] = static_cast<const A*>(arguments.running_mean)[channel];
  static_cast<A*>(arguments.inverse_deviation)[channel] =
      static_cast<A>(1 / sqrt(variance + static_cast<double>(arguments.epsilon)));
}

// batch_norm_statistics as its two stages. The sums lie at the start of the workspace, the partial sums after them.
struct BatchNormStages {
  BatchNormPartialStatistics partial;
  BatchNormFinishStatistics finish;

  static std::int64_t sums_count(std::int64_t channels) {
    return 2 * channels + 2;  // even, so that what follows stays aligned to 16 bytes
  }

  explicit BatchNormStages(const BatchNormStatistics& arguments) {
    if (arguments.view.rows() == 0)
      throw std::invalid_argument("batch_norm_statistics: an empty batch has no statistics; give at least one row");
    const std::int64_t channels = arguments.view.channels();
    double* sums = static_cast<double*>(arguments.workspace);
    partial = {arguments.type, arguments.view, arguments.x, sums, sums + sums_count(channels)};
    finish = {arguments.type,
              channels,
              arguments.epsilon,
              sums,
              arguments.mean,
              arguments.inverse_deviation,
              arguments.unbiased_variance};
  }
};

}  // namespace sleight::kernels

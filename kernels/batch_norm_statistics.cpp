#include "kernels/batch_norm_statistics.h"

#include <algorithm>

#include "kernels/batch_norm_channel.h"
#include "kernels/lib/channel_strips.h"
#include "kernels/lib/channel_sums.h"

namespace sleight::kernels {
namespace {

template <class T>
void partial_statistics(const BatchNormPartialStatistics& arguments) {
  using A = Accumulator<T>;
  const ChannelStrips strips(arguments.view);
  double* partial = static_cast<double*>(arguments.workspace);
  strips.for_each([&](const ChannelStrip& strip, auto lanes, std::int64_t index) {
    const T* x = static_cast<const T*>(arguments.x) + strip.offset;
    A shift[strip_lanes] = {}, sum[strip_lanes] = {}, squares[strip_lanes] = {};
    for (std::int64_t lane = 0; lane < lanes; ++lane)
      shift[lane] = static_cast<A>(x[lane]);
    for (std::int64_t row = 0; row < strip.rows; ++row, x += strip.stride)
#pragma omp simd
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        const A difference = static_cast<A>(x[lane]) - shift[lane];
        sum[lane] += difference;
        squares[lane] += difference * difference;
      }
    double* out = partial + index * 2 * strip_lanes;
    for (std::int64_t lane = 0; lane < strip_lanes; ++lane) {
      const ShiftedSums sums{static_cast<double>(strip.rows), shift[lane], sum[lane], squares[lane]};
      out[lane] = sums.sum();
      out[strip_lanes + lane] = sums.sum_of_squares();
    }
  });
  double* sums = arguments.sums;
  const std::int64_t channels = arguments.view.channels();
  strips.combine<2>(partial, [&](std::int64_t channel, const double* total) {
    sums[channel] = total[0];
    sums[channels + channel] = total[1];
  });
  sums[2 * channels] = static_cast<double>(arguments.view.rows());
}

}  // namespace

std::int64_t batch_norm_workspace_bytes(const ActivationView& view) {
  const std::int64_t sums = BatchNormStages::sums_count(view.channels()) * static_cast<std::int64_t>(sizeof(double));
  return sums + std::max(ChannelStrips::workspace_bytes(view, 2), ChannelSumsGrid(view).workspace_bytes(2));
}

void batch_norm_partial_statistics(Cpu, const BatchNormPartialStatistics& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { partial_statistics<T>(arguments); });
}

void batch_norm_finish_statistics(Cpu, const BatchNormFinishStatistics& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    using A = Accumulator<T>;
    const std::int64_t channels = arguments.channels;
    const double* sums = arguments.sums;
    for (std::int64_t channel = 0; channel < channels; ++channel)
      batch_norm_finish_channel<A>(arguments, channel, sums[2 * channels], sums[channel], sums[channels + channel]);
  });
}

void batch_norm_statistics(Cpu cpu, const BatchNormStatistics& arguments) {
  const BatchNormStages stages(arguments);
  batch_norm_partial_statistics(cpu, stages.partial);
  batch_norm_finish_statistics(cpu, stages.finish);
}

void batch_norm_inference_statistics(Cpu, const BatchNormInferenceStatistics& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    using A = Accumulator<T>;
    for (std::int64_t channel = 0; channel < arguments.channels; ++channel)
      batch_norm_inference_channel<A>(arguments, channel);
  });
}

}  // namespace sleight::kernels

#include "kernels/convolution_with_statistics.h"

#include <stdexcept>

#include "kernels/convolution_with_statistics_unfused.h"

namespace sleight::kernels {
namespace {

template <class Device>
std::unique_ptr<ConvolutionWithStatistics> make_unfused(Device device, const ConvolutionWithStatisticsShape& shape) {
  check(shape);
  return std::make_unique<ConvolutionWithStatisticsUnfused<Device>>(device, shape);
}

}  // namespace

void check(const ConvolutionWithStatisticsShape& shape) {
  check(shape.convolution);
  if (shape.convolution.has_bias) {
    throw std::invalid_argument("convolution " + to_string(shape.convolution) +
                                ": before a batch norm it has no bias, which the mean would take out again");
  }
}

bool offers_convolution_with_statistics(Cpu, const ConvolutionWithStatisticsShape&) {
  return false;
}

bool offers_convolution_with_statistics(Simt, const ConvolutionWithStatisticsShape&) {
  return false;
}

std::unique_ptr<ConvolutionWithStatistics> make_convolution_with_statistics(
    Cpu cpu, const ConvolutionWithStatisticsShape& shape) {
  return make_unfused(cpu, shape);
}

std::unique_ptr<ConvolutionWithStatistics> make_convolution_with_statistics(
    Simt simt, const ConvolutionWithStatisticsShape& shape) {
  return make_unfused(simt, shape);
}

std::unique_ptr<ConvolutionNormalizedBackwardWeights> make_convolution_normalized_backward_weights(
    Cpu cpu, const ConvolutionShape& shape) {
  return std::make_unique<ConvolutionNormalizedBackwardWeightsUnfused<Cpu>>(cpu, shape);
}

std::unique_ptr<ConvolutionNormalizedBackwardWeights> make_convolution_normalized_backward_weights(
    Simt simt, const ConvolutionShape& shape) {
  return std::make_unique<ConvolutionNormalizedBackwardWeightsUnfused<Simt>>(simt, shape);
}

}  // namespace sleight::kernels

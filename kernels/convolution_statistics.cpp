#include "kernels/convolution_statistics.h"

#include <stdexcept>

#include "kernels/convolution_statistics_apart.h"

namespace sleight::kernels {
namespace {

template <class Device>
std::unique_ptr<ConvolutionStatistics> make_apart(Device device, const ConvolutionStatisticsShape& shape) {
  check(shape);
  return std::make_unique<ConvolutionStatisticsApart<Device>>(device, shape);
}

}  // namespace

void check(const ConvolutionStatisticsShape& shape) {
  check(shape.convolution);
  if (shape.convolution.has_bias) {
    throw std::invalid_argument("convolution " + to_string(shape.convolution) +
                                ": before a batch norm it has no bias, which the mean would take out again");
  }
}

bool offers_convolution_statistics(Cpu, const ConvolutionStatisticsShape&) {
  return false;
}

bool offers_convolution_statistics(Simt, const ConvolutionStatisticsShape&) {
  return false;
}

std::unique_ptr<ConvolutionStatistics> make_convolution_statistics(Cpu cpu, const ConvolutionStatisticsShape& shape) {
  return make_apart(cpu, shape);
}

std::unique_ptr<ConvolutionStatistics> make_convolution_statistics(Simt simt, const ConvolutionStatisticsShape& shape) {
  return make_apart(simt, shape);
}

std::unique_ptr<ConvolutionNormalisedBackwardWeights> make_convolution_normalised_backward_weights(
    Cpu cpu, const ConvolutionShape& shape) {
  return std::make_unique<ConvolutionNormalisedBackwardWeightsApart<Cpu>>(cpu, shape);
}

std::unique_ptr<ConvolutionNormalisedBackwardWeights> make_convolution_normalised_backward_weights(
    Simt simt, const ConvolutionShape& shape) {
  return std::make_unique<ConvolutionNormalisedBackwardWeightsApart<Simt>>(simt, shape);
}

}  // namespace sleight::kernels

// A convolution between two batch norms against loops over the definition, in double. That it also gives the bits of
// the kernels apart is what tests/program/fuse_test.cpp sees, on whole programs.
#include "kernels/convolution_with_statistics.h"

#include <stdexcept>

#include "kernel_case.h"
#include "tests/kernels/guarded_buffer.h"

using namespace sleight;
using namespace sleight::kernels;
using namespace sleight::tests;

namespace {

constexpr float epsilon = 1.0F / 1024;

ConvolutionShape shape_of(std::int64_t kernel, std::int64_t stride, DataType type) {
  constexpr std::int64_t height = 7, width = 5, inputs = 3, outputs = 4;
  const std::int64_t padding = kernel / 2;
  ConvolutionShape shape;
  shape.input = {2, height, width, 1, inputs};
  shape.output = {2, convolution_output_side(height, kernel, stride, padding),
                  convolution_output_side(width, kernel, stride, padding), 1, outputs};
  shape.kernel_height = shape.kernel_width = kernel;
  shape.stride = stride;
  shape.padding = padding;
  shape.weight_layout = layout_ohwi(inputs);
  shape.type = type;
  return shape;
}

struct Numbers {
  Values input, weights, mean, inverse_deviation, gamma, beta, gradient;

  explicit Numbers(const ConvolutionShape& shape)
      : input(rounded(shape.type, random_values(shape.input.size(), 1, 0.5))),
        weights(rounded(shape.type, random_values(shape.weights().size(), 2))),
        mean(parameters(shape, 3, 0.5)),
        inverse_deviation(parameters(shape, 4, 1.5)),
        gamma(parameters(shape, 5, 1)),
        // Above zero: where the padding were taken before the batch norm, it would not be zero behind it.
        beta(parameters(shape, 6, 1)),
        gradient(rounded(shape.type, random_values(shape.output.size(), 7))) {}

  static Values parameters(const ConvolutionShape& shape, unsigned seed, double center) {
    return rounded(accumulator_type(shape.type), random_values(shape.input.channels(), seed, center, 0.2));
  }
};

struct Reference {
  Values output, mean, inverse_deviation, unbiased_variance, weight_gradient;

  Reference(const ConvolutionShape& shape, const Numbers& numbers, bool normalized) {
    Values z = numbers.input;
    for (std::size_t i = 0; i < z.size() && normalized; ++i) {
      const std::size_t c = i % numbers.mean.size();
      z[i] = (z[i] - numbers.mean[c]) * numbers.inverse_deviation[c] * numbers.gamma[c] + numbers.beta[c];
      z[i] = z[i] > 0 ? z[i] : 0;
    }
    output.assign(static_cast<std::size_t>(shape.output.size()), 0.0);
    weight_gradient.assign(numbers.weights.size(), 0.0);
    const auto channels = static_cast<std::size_t>(shape.output.channels());
    for_each_element(shape.output, [&](std::int64_t n, std::int64_t o, std::int64_t y, std::int64_t x) {
      const std::size_t at = offset(shape.output, n, o, y, x);
      for (std::int64_t h = 0; h < shape.kernel_height; ++h)
        for (std::int64_t w = 0; w < shape.kernel_width; ++w)
          for (std::int64_t i = 0; i < shape.input.channels(); ++i) {
            const std::int64_t from_y = y * shape.stride + h - shape.padding;
            const std::int64_t from_x = x * shape.stride + w - shape.padding;
            if (from_y < 0 || from_x < 0 || from_y >= shape.input.height || from_x >= shape.input.width) continue;
            const double value = z[offset(shape.input, n, i, from_y, from_x)];
            const auto weight = static_cast<std::size_t>(shape.weights().offset(o, i, h, w));
            output[at] += value * numbers.weights[weight];
            weight_gradient[weight] += value * numbers.gradient[at];
          }
    });
    const double rows = static_cast<double>(shape.output.rows());
    for (std::size_t c = 0; c < channels; ++c) {
      double sum = 0, squares = 0;
      for (std::size_t i = c; i < output.size(); i += channels)
        sum += output[i];
      for (std::size_t i = c; i < output.size(); i += channels)
        squares += (output[i] - sum / rows) * (output[i] - sum / rows);
      mean.push_back(sum / rows);
      inverse_deviation.push_back(1 / std::sqrt(squares / rows + double{epsilon}));
      unbiased_variance.push_back(squares / (rows - 1));
    }
  }
};

void check_near(const char* what, const Values& values, const Values& expected, double tolerance) {
  INFO(what);
  REQUIRE(values.size() == expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(i, values[i], expected[i]);
    REQUIRE(std::abs(values[i] - expected[i]) <= tolerance * (1 + std::abs(expected[i])));
  }
}

template <class Device>
void compare(Device device, const ConvolutionShape& shape, bool normalized) {
  const double tolerance = shape.type == DataType::float64 ? 1e-12 : shape.type == DataType::float32 ? 2e-5 : 2e-2;
  const DataType accumulator = accumulator_type(shape.type);
  const Numbers numbers(shape);
  const Reference reference(shape, numbers, normalized);
  TestTensor input(shape.type, numbers.input), weights(shape.type, numbers.weights);
  TestTensor before_mean(accumulator, numbers.mean), before_inverse(accumulator, numbers.inverse_deviation);
  TestTensor gamma(accumulator, numbers.gamma), beta(accumulator, numbers.beta);
  const InputNormalization normalization = {before_mean.data(), before_inverse.data(), gamma.data(), beta.data()};

  const auto forward = make_convolution_with_statistics(device, {shape, normalized, epsilon});
  const std::int64_t channels = shape.output.channels();
  TestTensor output(shape.type, shape.output.size()), mean(accumulator, channels), inverse(accumulator, channels),
      variance(accumulator, channels);
  simt::GuardedBuffer<std::byte> workspace(static_cast<std::size_t>(forward->workspace_bytes()), "workspace");
  forward->run({.input = input.data(),
                .weights = weights.data(),
                .normalization = normalized ? normalization : InputNormalization{},
                .output = output.data(),
                .mean = mean.data(),
                .inverse_deviation = inverse.data(),
                .unbiased_variance = variance.data(),
                .workspace = workspace.data()});
  workspace.check();
  check_near("output", output.values(), reference.output, tolerance);
  check_near("mean", mean.values(), reference.mean, tolerance);
  check_near("inverse deviation", inverse.values(), reference.inverse_deviation, tolerance);
  check_near("unbiased variance", variance.values(), reference.unbiased_variance, tolerance);
  if (!normalized) return;

  const auto backward = make_convolution_normalized_backward_weights(device, shape);
  TestTensor gradient(shape.type, numbers.gradient), weight_gradient(shape.type, shape.weights().size());
  simt::GuardedBuffer<std::byte> second(static_cast<std::size_t>(backward->workspace_bytes()), "workspace");
  backward->run(input.data(), normalization, gradient.data(), weight_gradient.data(), second.data());
  second.check();
  check_near("weight gradient", weight_gradient.values(), reference.weight_gradient, 4 * tolerance);
}

}  // namespace

TEST_CASE("convolution_with_statistics and its gradient by the weights against their definition") {
  for (const DataType type : {DataType::float64, DataType::float32, DataType::bfloat16, DataType::float16})
    for (const std::int64_t kernel : {1, 3})
      for (const std::int64_t stride : {1, 2})
        for (const bool normalized : {false, true}) {
          CAPTURE(name_of(type), kernel, stride, normalized);
          const ConvolutionShape shape = shape_of(kernel, stride, type);
          compare(Cpu{}, shape, normalized);
          if (type != DataType::float64) compare(Simt{}, shape, normalized);
        }
}

TEST_CASE("convolution_with_statistics refuses a bias, and the cpu and simt gain nothing by it") {
  ConvolutionWithStatisticsShape shape{.convolution = shape_of(3, 1, DataType::float32)};
  CHECK_FALSE(offers_convolution_with_statistics(Cpu{}, shape));
  CHECK_FALSE(offers_convolution_with_statistics(Simt{}, shape));
  shape.convolution.has_bias = true;
  CHECK_THROWS_AS(make_convolution_with_statistics(Cpu{}, shape), std::invalid_argument);
  CHECK_THROWS_AS(make_convolution_with_statistics(Simt{}, shape), std::invalid_argument);
}

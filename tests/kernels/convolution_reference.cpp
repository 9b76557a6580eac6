#include "tests/kernels/convolution_reference.h"

namespace sleight::tests {

std::vector<double> coarse_numbers(std::int64_t count, std::uint32_t seed) {
  std::vector<double> numbers(static_cast<std::size_t>(count));
  std::uint32_t state = seed * 2654435761U + 12345U;
  for (double& number : numbers) {
    state = state * 1664525U + 1013904223U;
    number = static_cast<double>(state >> 24U) / 128.0 - 1.0;
  }
  return numbers;
}

ConvolutionReference compute_reference(const kernels::ConvolutionShape& shape) {
  const auto& in = shape.input;
  const auto& out = shape.output;
  const kernels::WeightView weights = shape.weights();

  ConvolutionReference r;
  r.values.input = coarse_numbers(in.size(), 1);
  r.values.weights = coarse_numbers(weights.size(), 2);
  r.values.bias = coarse_numbers(shape.has_bias ? out.channels() : 0, 3);
  r.gradients.output = coarse_numbers(out.size(), 4);
  for (ConvolutionValues* values : {&r.gradients, &r.sizes}) {
    values->input.assign(in.size(), 0.0);
    values->weights.assign(weights.size(), 0.0);
  }
  r.values.output.assign(out.size(), 0.0);
  r.sizes.output.assign(out.size(), 0.0);

  for (std::int64_t n = 0; n < out.batch; ++n) {
    for (std::int64_t o = 0; o < out.channels(); ++o) {
      for (std::int64_t y = 0; y < out.height; ++y) {
        for (std::int64_t x = 0; x < out.width; ++x) {
          const std::int64_t at_output = ((n * out.channels() + o) * out.height + y) * out.width + x;
          if (shape.has_bias) {
            r.values.output[at_output] += r.values.bias[o];
            r.sizes.output[at_output] += std::abs(r.values.bias[o]);
          }
          for (std::int64_t i = 0; i < in.channels(); ++i) {
            for (std::int64_t h = 0; h < shape.kernel_height; ++h) {
              for (std::int64_t w = 0; w < shape.kernel_width; ++w) {
                const std::int64_t from_y = y * shape.stride + h - shape.padding;
                const std::int64_t from_x = x * shape.stride + w - shape.padding;
                if (from_y < 0 || from_y >= in.height || from_x < 0 || from_x >= in.width) continue;
                const std::int64_t at_input = ((n * in.channels() + i) * in.height + from_y) * in.width + from_x;
                const std::int64_t at_weight =
                    ((o * in.channels() + i) * shape.kernel_height + h) * shape.kernel_width + w;
                const double input = r.values.input[at_input];
                const double weight = r.values.weights[at_weight];
                const double gradient = r.gradients.output[at_output];
                r.values.output[at_output] += input * weight;
                r.gradients.input[at_input] += gradient * weight;
                r.gradients.weights[at_weight] += gradient * input;
                r.sizes.output[at_output] += std::abs(input * weight);
                r.sizes.input[at_input] += std::abs(gradient * weight);
                r.sizes.weights[at_weight] += std::abs(gradient * input);
              }
            }
          }
        }
      }
    }
  }
  return r;
}

std::int64_t place(const kernels::ActivationView& view, std::int64_t n, std::int64_t c, std::int64_t y,
                   std::int64_t x) {
  return (((n * view.blocks + c / view.lanes) * view.height + y) * view.width + x) * view.lanes + c % view.lanes;
}

std::vector<std::int64_t> places(const kernels::ActivationView& view) {
  std::vector<std::int64_t> result;
  for (std::int64_t n = 0; n < view.batch; ++n) {
    for (std::int64_t c = 0; c < view.channels(); ++c) {
      for (std::int64_t y = 0; y < view.height; ++y) {
        for (std::int64_t x = 0; x < view.width; ++x)
          result.push_back(place(view, n, c, y, x));
      }
    }
  }
  return result;
}

std::vector<std::int64_t> places(const kernels::WeightView& view) {
  std::vector<std::int64_t> result;
  for (std::int64_t o = 0; o < view.output_channels; ++o) {
    for (std::int64_t i = 0; i < view.input_channels; ++i) {
      for (std::int64_t h = 0; h < view.kernel_height; ++h) {
        for (std::int64_t w = 0; w < view.kernel_width; ++w)
          result.push_back(view.offset(o, i, h, w));
      }
    }
  }
  return result;
}

}  // namespace sleight::tests

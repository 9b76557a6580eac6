// The definition of convolution as loops over tables of offsets, so that one loop serves every layout.
#include <vector>

#include "kernels/convolution.h"
#include "kernels/plain.h"

namespace sleight::kernels {
namespace {

// element (n, c, y, x) of a view lies at n * image + channel[c] + (y * width + x) * lanes.
struct ActivationOffsets {
  explicit ActivationOffsets(const ActivationView& view_)
      : view(view_), image(view_.pixels() * view_.channels()), channel(view_.channels()) {
    for (std::int64_t c = 0; c < view.channels(); ++c) {
      channel[c] = (c / view.lanes) * view.pixels() * view.lanes + c % view.lanes;
    }
  }

  std::int64_t pixel(std::int64_t n, std::int64_t y, std::int64_t x) const {
    return n * image + (y * view.width + x) * view.lanes;
  }
  bool contains(std::int64_t y, std::int64_t x) const { return y >= 0 && y < view.height && x >= 0 && x < view.width; }

  ActivationView view;
  std::int64_t image;
  std::vector<std::int64_t> channel;
};

struct Offsets {
  explicit Offsets(const ConvolutionShape& shape_)
      : shape(shape_),
        input(shape_.input),
        output(shape_.output),
        weight_input(shape_.input.channels()),
        weight_output(shape_.output.channels()) {
    // The offset of a weight is a sum of what its output channel, its input channel and its pixel contribute.
    const WeightView weights = shape.weights();
    for (std::int64_t i = 0; i < weights.input_channels; ++i)
      weight_input[i] = weights.offset(0, i, 0, 0);
    for (std::int64_t o = 0; o < weights.output_channels; ++o)
      weight_output[o] = weights.offset(o, 0, 0, 0);
  }

  std::int64_t weight_pixel(std::int64_t h, std::int64_t w) const {
    return (h * shape.kernel_width + w) * shape.weight_layout.output_lanes * shape.weight_layout.input_lanes;
  }

  ConvolutionShape shape;
  ActivationOffsets input;
  ActivationOffsets output;
  std::vector<std::int64_t> weight_input;
  std::vector<std::int64_t> weight_output;
};

template <class T>
class Forward : public ConvolutionForward {
 public:
  explicit Forward(const ConvolutionShape& shape) : offsets_(shape) {}

  std::int64_t workspace_bytes() const override { return 0; }

  void run(const void* input, const void* weights, const void* bias, void* output, void*) override {
    const auto* in = static_cast<const T*>(input);
    const auto* weight = static_cast<const T*>(weights);
    const auto* shift = static_cast<const T*>(bias);
    auto* out = static_cast<T*>(output);
    const ConvolutionShape& shape = offsets_.shape;
    const std::int64_t channels = shape.output.channels();

#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t n = 0; n < shape.output.batch; ++n) {
      for (std::int64_t y = 0; y < shape.output.height; ++y) {
        for (std::int64_t x = 0; x < shape.output.width; ++x) {
          T* pixel = out + offsets_.output.pixel(n, y, x);
          for (std::int64_t o = 0; o < channels; ++o) {
            Sum sum = window_sum(in, weight + offsets_.weight_output[o], n, y, x);
            if (shape.has_bias) sum += static_cast<Sum>(shift[o]);
            pixel[offsets_.output.channel[o]] = static_cast<T>(sum);
          }
        }
      }
    }
  }

 private:
  using Sum = Accumulator<T>;

  // One value of the output, before the bias. weight: the first weight of its channel.
  Sum window_sum(const T* in, const T* weight, std::int64_t n, std::int64_t y, std::int64_t x) const {
    const ConvolutionShape& shape = offsets_.shape;
    Sum sum = 0;
    for (std::int64_t h = 0; h < shape.kernel_height; ++h) {
      for (std::int64_t w = 0; w < shape.kernel_width; ++w) {
        const std::int64_t from_y = y * shape.stride + h - shape.padding;
        const std::int64_t from_x = x * shape.stride + w - shape.padding;
        if (!offsets_.input.contains(from_y, from_x)) continue;
        const T* from = in + offsets_.input.pixel(n, from_y, from_x);
        const T* by = weight + offsets_.weight_pixel(h, w);
        for (std::size_t i = 0; i < offsets_.weight_input.size(); ++i) {
          sum += static_cast<Sum>(from[offsets_.input.channel[i]]) * static_cast<Sum>(by[offsets_.weight_input[i]]);
        }
      }
    }
    return sum;
  }

  Offsets offsets_;
};

template <class T>
class BackwardData : public ConvolutionBackwardData {
 public:
  explicit BackwardData(const ConvolutionShape& shape) : offsets_(shape) {}

  std::int64_t workspace_bytes() const override { return 0; }

  void run(const void* output_gradient, const void* weights, void* input_gradient, void*) override {
    const auto* gradient = static_cast<const T*>(output_gradient);
    const auto* weight = static_cast<const T*>(weights);
    auto* in = static_cast<T*>(input_gradient);
    const ConvolutionShape& shape = offsets_.shape;
    const std::int64_t channels = shape.input.channels();

#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t n = 0; n < shape.input.batch; ++n) {
      for (std::int64_t y = 0; y < shape.input.height; ++y) {
        for (std::int64_t x = 0; x < shape.input.width; ++x) {
          T* pixel = in + offsets_.input.pixel(n, y, x);
          for (std::int64_t i = 0; i < channels; ++i) {
            pixel[offsets_.input.channel[i]] =
                static_cast<T>(window_sum(gradient, weight + offsets_.weight_input[i], n, y, x));
          }
        }
      }
    }
  }

 private:
  using Sum = Accumulator<T>;

  // The gradient of one value of the input: over all outputs whose window contains it. weight: the first weight that
  // reads its channel.
  Sum window_sum(const T* gradient, const T* weight, std::int64_t n, std::int64_t y, std::int64_t x) const {
    const ConvolutionShape& shape = offsets_.shape;
    Sum sum = 0;
    for (std::int64_t h = 0; h < shape.kernel_height; ++h) {
      for (std::int64_t w = 0; w < shape.kernel_width; ++w) {
        const std::int64_t window_y = y + shape.padding - h;
        const std::int64_t window_x = x + shape.padding - w;
        if (window_y % shape.stride != 0 || window_x % shape.stride != 0) continue;
        const std::int64_t from_y = window_y / shape.stride;
        const std::int64_t from_x = window_x / shape.stride;
        if (!offsets_.output.contains(from_y, from_x)) continue;
        const T* from = gradient + offsets_.output.pixel(n, from_y, from_x);
        const T* by = weight + offsets_.weight_pixel(h, w);
        for (std::size_t o = 0; o < offsets_.weight_output.size(); ++o) {
          sum += static_cast<Sum>(from[offsets_.output.channel[o]]) * static_cast<Sum>(by[offsets_.weight_output[o]]);
        }
      }
    }
    return sum;
  }

  Offsets offsets_;
};

template <class T>
class BackwardWeights : public ConvolutionBackwardWeights {
 public:
  explicit BackwardWeights(const ConvolutionShape& shape) : offsets_(shape) {}

  std::int64_t workspace_bytes() const override { return 0; }

  void run(const void* input, const void* output_gradient, void* weight_gradient, void*) override {
    const auto* in = static_cast<const T*>(input);
    const auto* gradient = static_cast<const T*>(output_gradient);
    auto* out = static_cast<T*>(weight_gradient);
    const ConvolutionShape& shape = offsets_.shape;
    const std::int64_t output_channels = shape.output.channels();
    const std::int64_t input_channels = shape.input.channels();

#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t o = 0; o < output_channels; ++o) {
      for (std::int64_t i = 0; i < input_channels; ++i) {
        T* weight = out + offsets_.weight_output[o] + offsets_.weight_input[i];
        const T* in_channel = in + offsets_.input.channel[i];
        const T* gradient_channel = gradient + offsets_.output.channel[o];
        for (std::int64_t h = 0; h < shape.kernel_height; ++h) {
          for (std::int64_t w = 0; w < shape.kernel_width; ++w) {
            weight[offsets_.weight_pixel(h, w)] = static_cast<T>(batch_sum(in_channel, gradient_channel, h, w));
          }
        }
      }
    }
  }

 private:
  using Sum = Accumulator<T>;

  // The gradient of one weight. Summed by rows first: a float32 sum of a million values would lose its last digits.
  Sum batch_sum(const T* in, const T* gradient, std::int64_t h, std::int64_t w) const {
    const ConvolutionShape& shape = offsets_.shape;
    Sum sum = 0;
    for (std::int64_t n = 0; n < shape.output.batch; ++n) {
      for (std::int64_t y = 0; y < shape.output.height; ++y) {
        Sum row = 0;
        for (std::int64_t x = 0; x < shape.output.width; ++x) {
          const std::int64_t from_y = y * shape.stride + h - shape.padding;
          const std::int64_t from_x = x * shape.stride + w - shape.padding;
          if (!offsets_.input.contains(from_y, from_x)) continue;
          row += static_cast<Sum>(gradient[offsets_.output.pixel(n, y, x)]) *
                 static_cast<Sum>(in[offsets_.input.pixel(n, from_y, from_x)]);
        }
        sum += row;
      }
    }
    return sum;
  }

  Offsets offsets_;
};

}  // namespace

std::unique_ptr<ConvolutionForward> make_plain_convolution_forward(const ConvolutionShape& shape) {
  return make_plain<Forward, ConvolutionForward>(shape);
}

std::unique_ptr<ConvolutionBackwardData> make_plain_convolution_backward_data(const ConvolutionShape& shape) {
  return make_plain<BackwardData, ConvolutionBackwardData>(shape);
}

std::unique_ptr<ConvolutionBackwardWeights> make_plain_convolution_backward_weights(const ConvolutionShape& shape) {
  return make_plain<BackwardWeights, ConvolutionBackwardWeights>(shape);
}

}  // namespace sleight::kernels

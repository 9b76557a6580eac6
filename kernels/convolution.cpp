// What is the same on every device: the check of a shape, its words, and simt, which runs what the cpu runs.
#include "kernels/convolution.h"

#include <stdexcept>

namespace sleight::kernels {
namespace {

[[noreturn]] void refuse(const ConvolutionShape& shape, const std::string& reason) {
  throw std::invalid_argument("convolution " + to_string(shape) + ": " + reason);
}

std::string text(const ActivationView& view) {
  return std::to_string(view.batch) + " x " + std::to_string(view.height) + " x " + std::to_string(view.width) + " x " +
         std::to_string(view.channels());
}

}  // namespace

std::string to_string(const ConvolutionShape& shape) {
  return text(shape.input) + " -> " + text(shape.output) + " (batch, height, width, channels), kernel " +
         std::to_string(shape.kernel_height) + " x " + std::to_string(shape.kernel_width) + ", stride " +
         std::to_string(shape.stride) + ", padding " + std::to_string(shape.padding) + ", " +
         std::string(name_of(shape.type));
}

void check(const ConvolutionShape& shape) {
  const ActivationView& input = shape.input;
  const ActivationView& output = shape.output;
  if (input.size() <= 0 || output.size() <= 0) refuse(shape, "an empty side");
  if (shape.kernel_height < 1 || shape.kernel_width < 1 || shape.stride < 1 || shape.padding < 0) {
    refuse(shape, "kernel and stride must be at least 1, padding at least 0");
  }
  if (output.batch != input.batch ||
      output.height != convolution_output_side(input.height, shape.kernel_height, shape.stride, shape.padding) ||
      output.width != convolution_output_side(input.width, shape.kernel_width, shape.stride, shape.padding)) {
    refuse(shape, "the output's size must be (input + 2 padding - kernel) / stride + 1, its batch the input's");
  }
  const WeightLayout& layout = shape.weight_layout;
  if (layout.output_lanes < 1 || layout.input_lanes < 1 || output.channels() % layout.output_lanes != 0 ||
      input.channels() % layout.input_lanes != 0) {
    refuse(shape, "weight lanes of " + std::to_string(layout.output_lanes) + " x " +
                      std::to_string(layout.input_lanes) + " do not divide the channels");
  }
  visit_cpu_type(shape.type, [](auto) {});
}

std::int64_t preferred_lanes(Simt, std::int64_t channels) {
  return channels;
}
std::int64_t preferred_lanes(Cuda, std::int64_t channels) {
  return channels;
}

WeightLayout preferred_weight_layout(Simt, std::int64_t input_channels, std::int64_t) {
  return layout_ohwi(input_channels);
}

WeightLayout preferred_weight_layout(Cuda, std::int64_t input_channels, std::int64_t) {
  return layout_ohwi(input_channels);
}

bool offers_convolution(Simt, DataType type) {
  return offers_convolution(Cpu{}, type);
}

bool offers_convolution(Cuda, DataType type) {
  return type == DataType::float32 || is_half_width(type);
}

std::unique_ptr<ConvolutionForward> make_convolution_forward(Simt, const ConvolutionShape& shape) {
  return make_convolution_forward(Cpu{}, shape);
}

std::unique_ptr<ConvolutionBackwardData> make_convolution_backward_data(Simt, const ConvolutionShape& shape) {
  return make_convolution_backward_data(Cpu{}, shape);
}

std::unique_ptr<ConvolutionBackwardWeights> make_convolution_backward_weights(Simt, const ConvolutionShape& shape) {
  return make_convolution_backward_weights(Cpu{}, shape);
}

}  // namespace sleight::kernels

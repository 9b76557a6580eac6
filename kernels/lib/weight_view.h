// How the weights of a convolution lie in memory, the companion of ActivationView. One formula covers every layout:
//
//   element (o, i, h, w)  ->  ((((o / output_lanes) * (input_channels / input_lanes) + i / input_lanes) * kernel_height
//                                + h) * kernel_width + w) * (input_lanes * output_lanes)
//                              + (i % input_lanes) * output_lanes + o % output_lanes
//
//   oneDNN's name     output_lanes   input_lanes
//   OIHW              1              1               checkpoints (the order of PyTorch and torchvision)
//   OHWI              1              input_channels  plain: simt, cuDNN's channels last, channels that no block divides
//   OIhw16i16o        16             16              blocked: both sides are nChw16c
//   Ohwi16o           16             input_channels  blocked: the input is NHWC (the first layer), the output nChw16c
//
// The lanes divide the channels: no layout pads, so every layout is a permutation of every other and elementwise work
// on stored weights (optimizer, average, norm) never has to know the layout.
#pragma once

#include <cstdint>

namespace sleight::kernels {

struct WeightLayout {
  std::int64_t output_lanes = 1;
  std::int64_t input_lanes = 1;

  friend constexpr bool operator==(const WeightLayout&, const WeightLayout&) = default;
};

struct WeightView {
  std::int64_t output_channels = 0;
  std::int64_t input_channels = 0;
  std::int64_t kernel_height = 1;
  std::int64_t kernel_width = 1;
  WeightLayout layout;

  constexpr std::int64_t size() const { return output_channels * input_channels * kernel_height * kernel_width; }

  constexpr std::int64_t offset(std::int64_t o, std::int64_t i, std::int64_t h, std::int64_t w) const {
    const std::int64_t block =
        (o / layout.output_lanes) * (input_channels / layout.input_lanes) + i / layout.input_lanes;
    const std::int64_t pixel = (block * kernel_height + h) * kernel_width + w;
    return (pixel * layout.input_lanes + i % layout.input_lanes) * layout.output_lanes + o % layout.output_lanes;
  }
};

// The order of checkpoints.
constexpr WeightLayout layout_oihw() {
  return {1, 1};
}
// The plain layout of the interface: channels last.
constexpr WeightLayout layout_ohwi(std::int64_t input_channels) {
  return {1, input_channels};
}

// destination (laid out as `to`) = source (laid out as `from`), bit for bit. The two views describe the same channels
// and kernel; the element size is 2, 4 or 8 bytes; the buffers do not overlap. Throws std::invalid_argument for views
// that differ in more than the layout or whose lanes do not divide the channels.
void permute_weights(const WeightView& from, const void* source, const WeightView& to, void* destination,
                     std::int64_t element_bytes);

}  // namespace sleight::kernels

// How an image-shaped tensor lies in memory. One description covers every layout the engine uses, so that a kernel is
// written once:
//
//   element (n, c, h, w)  ->  (((n * blocks + c / lanes) * height + h) * width + w) * lanes + c % lanes
//
//   channels last (NHWC)         blocks = 1, lanes = channels        the interface, and every GPU kernel
//   blocked channels (nChw16c)   blocks = channels/16, lanes = 16    what oneDNN's fastest CPU convolutions want
//   a matrix (rows, channels)    height = width = 1, blocks = 1, lanes = channels
#pragma once

#include <cstdint>

namespace sleight::kernels {

struct ActivationView {
  std::int64_t batch = 0;
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::int64_t blocks = 1;
  std::int64_t lanes = 0;

  constexpr std::int64_t channels() const { return blocks * lanes; }
  constexpr std::int64_t pixels() const { return height * width; }
  // Values per channel over the whole tensor.
  constexpr std::int64_t rows() const { return batch * height * width; }
  constexpr std::int64_t size() const { return rows() * channels(); }
  constexpr bool channels_last() const { return blocks == 1; }
};

}  // namespace sleight::kernels

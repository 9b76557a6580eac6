#include "tests/fake_gpu/convolution_loops.h"

#include <algorithm>

namespace sleight::fake {

namespace {

// to[i] += factor * from[i]
inline void add_scaled(float* __restrict to, const float* __restrict from, float factor, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i)
    to[i] += factor * from[i];
}

std::size_t size(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
  return static_cast<std::size_t>(a * b * c * d);
}

// Neighbors that are computed at once: output channels (a vector register), and columns.
constexpr std::int64_t lanes = 16;
constexpr std::int64_t columns_at_once = 4;

std::int64_t rounded_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Images in a frame of zeros, so that no window reaches beyond; with a stride, zeros between the pixels too.
struct Framed {
  std::int64_t height = 0, width = 0, channels = 0;
  Floats values = {};

  Framed(std::int64_t batch, std::int64_t h, std::int64_t w, std::int64_t c)
      : height(h), width(w), channels(c), values(size(batch, h, w, c)) {}
  float* at(std::int64_t n, std::int64_t y, std::int64_t x) {
    return values.data() + ((n * height + y) * width + x) * channels;
  }
  void place(const Floats& images, std::int64_t batch, std::int64_t h, std::int64_t w, std::int64_t top,
             std::int64_t left, std::int64_t stride_y, std::int64_t stride_x) {
    for (std::int64_t row = 0; row < batch * h * w; ++row) {
      const std::int64_t y = top + row / w % h * stride_y;
      const std::int64_t x = left + row % w * stride_x;
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      std::copy_n(images.data() + row * channels, channels, at(row / (h * w), y, x));
    }
  }
};

// weights[tap][input channel][output channel], output channels rounded up to whole registers.
struct TurnedWeights {
  std::int64_t outputs = 0, padded = 0;
  Floats values = {};
};

// y(row, column) = sum over the window that begins at (row * stride_y, column * stride_x) of the frame.
Floats slide(const Framed& frame, const TurnedWeights& w, std::int64_t batch, std::int64_t rows, std::int64_t columns,
             std::int64_t kernel_height, std::int64_t kernel_width, std::int64_t stride_y, std::int64_t stride_x) {
  Floats y(size(batch, rows, columns, w.outputs));
#pragma omp parallel for
  for (std::int64_t row = 0; row < batch * rows; ++row) {
    const float* const first =
        frame.values.data() + (row / rows * frame.height + row % rows * stride_y) * frame.width * frame.channels;
    for (std::int64_t column = 0; column < columns; column += columns_at_once) {
      for (std::int64_t k = 0; k < w.outputs; k += lanes) {
        float sums[columns_at_once][lanes] = {};
        for (std::int64_t tap = 0; tap < kernel_height * kernel_width; ++tap) {
          const float* const from =
              first + (tap / kernel_width * frame.width + column * stride_x + tap % kernel_width) * frame.channels;
          const float* const weights = w.values.data() + tap * frame.channels * w.padded + k;
          for (std::int64_t c = 0; c < frame.channels; ++c) {
            for (std::int64_t j = 0; j < columns_at_once; ++j)
              add_scaled(sums[j], weights + c * w.padded, from[j * stride_x * frame.channels + c], lanes);
          }
        }
        for (std::int64_t j = 0; j < std::min(columns_at_once, columns - column); ++j)
          std::copy_n(sums[j], std::min(lanes, w.outputs - k), y.data() + (row * columns + column + j) * w.outputs + k);
      }
    }
  }
  return y;
}

}  // namespace

Floats convolve(const ConvolutionSizes& s, const Floats& x, const Floats& w) {
  TurnedWeights turned = {s.output_channels, rounded_up(s.output_channels, lanes)};
  const std::int64_t taps = s.kernel_height * s.kernel_width * s.channels;
  turned.values.resize(static_cast<std::size_t>(taps * turned.padded));
  for (std::int64_t k = 0; k < s.output_channels; ++k) {
    for (std::int64_t tap = 0; tap < taps; ++tap)
      turned.values[static_cast<std::size_t>(tap * turned.padded + k)] = w[static_cast<std::size_t>(k * taps + tap)];
  }
  Framed frame(s.batch, (s.output_height - 1) * s.stride_y + s.kernel_height,
               (rounded_up(s.output_width, columns_at_once) - 1) * s.stride_x + s.kernel_width, s.channels);
  frame.place(x, s.batch, s.height, s.width, s.padding_y, s.padding_x, 1, 1);
  return slide(frame, turned, s.batch, s.output_height, s.output_width, s.kernel_height, s.kernel_width, s.stride_y,
               s.stride_x);
}

// The same sliding over the output's gradient, with weights that are turned round.
Floats convolve_backward_data(const ConvolutionSizes& s, const Floats& dy, const Floats& w) {
  TurnedWeights turned = {s.channels, rounded_up(s.channels, lanes)};
  const std::int64_t taps = s.kernel_height * s.kernel_width;
  turned.values.resize(static_cast<std::size_t>(taps * s.output_channels * turned.padded));
  for (std::int64_t k = 0; k < s.output_channels; ++k) {
    for (std::int64_t tap = 0; tap < taps; ++tap)
      std::copy_n(w.data() + (k * taps + tap) * s.channels, s.channels,
                  turned.values.data() + ((taps - 1 - tap) * s.output_channels + k) * turned.padded);
  }
  Framed frame(s.batch, s.height + s.kernel_height - 1, rounded_up(s.width, columns_at_once) + s.kernel_width - 1,
               s.output_channels);
  frame.place(dy, s.batch, s.output_height, s.output_width, s.kernel_height - 1 - s.padding_y,
              s.kernel_width - 1 - s.padding_x, s.stride_y, s.stride_x);
  return slide(frame, turned, s.batch, s.height, s.width, s.kernel_height, s.kernel_width, 1, 1);
}

Floats convolve_backward_weights(const ConvolutionSizes& s, const Floats& x, const Floats& dy, bool reversed) {
  const std::int64_t taps = s.kernel_height * s.kernel_width * s.channels;
  Floats dw(size(s.output_channels, s.kernel_height, s.kernel_width, s.channels));
#pragma omp parallel for
  for (std::int64_t tap = 0; tap < s.kernel_height * s.kernel_width; ++tap) {
    const std::int64_t r = tap / s.kernel_width;
    const std::int64_t q = tap % s.kernel_width;
    // One image's sums first: many small sums keep more of float32 than one large one.
    Floats sums(static_cast<std::size_t>(s.output_channels * s.channels));
    for (std::int64_t i = 0; i < s.batch; ++i) {
      const std::int64_t n = reversed ? s.batch - 1 - i : i;
      sums.assign(sums.size(), 0.0F);
      for (std::int64_t place = 0; place < s.output_height * s.output_width; ++place) {
        const std::int64_t iy = place / s.output_width * s.stride_y - s.padding_y + r;
        const std::int64_t ix = place % s.output_width * s.stride_x - s.padding_x + q;
        if (iy < 0 || iy >= s.height || ix < 0 || ix >= s.width) continue;
        const float* const from = x.data() + ((n * s.height + iy) * s.width + ix) * s.channels;
        const float* const gradient = dy.data() + (n * s.output_height * s.output_width + place) * s.output_channels;
        for (std::int64_t k = 0; k < s.output_channels; ++k)
          add_scaled(sums.data() + k * s.channels, from, gradient[k], s.channels);
      }
      for (std::int64_t k = 0; k < s.output_channels; ++k)
        add_scaled(dw.data() + k * taps + tap * s.channels, sums.data() + k * s.channels, 1.0F, s.channels);
    }
  }
  return dw;
}

}  // namespace sleight::fake

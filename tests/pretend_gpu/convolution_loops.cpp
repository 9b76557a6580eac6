#include "tests/pretend_gpu/convolution_loops.h"

namespace sleight::pretend {

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

}  // namespace

Floats convolve(const ConvolutionSizes& s, const Floats& x, const Floats& w) {
  // Weights with the output channel last, so that the innermost loop is over neighbours.
  Floats turned(w.size());
  const std::int64_t taps = s.kernel_height * s.kernel_width * s.channels;
  for (std::int64_t k = 0; k < s.output_channels; ++k) {
    for (std::int64_t tap = 0; tap < taps; ++tap)
      turned[static_cast<std::size_t>(tap * s.output_channels + k)] = w[static_cast<std::size_t>(k * taps + tap)];
  }
  Floats y(size(s.batch, s.output_height, s.output_width, s.output_channels));
#pragma omp parallel for
  for (std::int64_t row = 0; row < s.batch * s.output_height; ++row) {
    const std::int64_t n = row / s.output_height;
    const std::int64_t first_y = row % s.output_height * s.stride_y - s.padding_y;
    for (std::int64_t column = 0; column < s.output_width; ++column) {
      float* const to = y.data() + (row * s.output_width + column) * s.output_channels;
      for (std::int64_t r = 0; r < s.kernel_height; ++r) {
        const std::int64_t iy = first_y + r;
        if (iy < 0 || iy >= s.height) continue;
        for (std::int64_t q = 0; q < s.kernel_width; ++q) {
          const std::int64_t ix = column * s.stride_x - s.padding_x + q;
          if (ix < 0 || ix >= s.width) continue;
          const float* const from = x.data() + ((n * s.height + iy) * s.width + ix) * s.channels;
          const float* const weights = turned.data() + (r * s.kernel_width + q) * s.channels * s.output_channels;
          for (std::int64_t c = 0; c < s.channels; ++c)
            add_scaled(to, weights + c * s.output_channels, from[c], s.output_channels);
        }
      }
    }
  }
  return y;
}

Floats convolve_backward_data(const ConvolutionSizes& s, const Floats& dy, const Floats& w) {
  Floats dx(size(s.batch, s.height, s.width, s.channels));
  const std::int64_t taps = s.kernel_height * s.kernel_width * s.channels;
#pragma omp parallel for
  for (std::int64_t n = 0; n < s.batch; ++n) {
    for (std::int64_t place = 0; place < s.output_height * s.output_width; ++place) {
      const float* const from = dy.data() + (n * s.output_height * s.output_width + place) * s.output_channels;
      for (std::int64_t r = 0; r < s.kernel_height; ++r) {
        const std::int64_t iy = place / s.output_width * s.stride_y - s.padding_y + r;
        if (iy < 0 || iy >= s.height) continue;
        for (std::int64_t q = 0; q < s.kernel_width; ++q) {
          const std::int64_t ix = place % s.output_width * s.stride_x - s.padding_x + q;
          if (ix < 0 || ix >= s.width) continue;
          float* const to = dx.data() + ((n * s.height + iy) * s.width + ix) * s.channels;
          const float* const weights = w.data() + (r * s.kernel_width + q) * s.channels;
          for (std::int64_t k = 0; k < s.output_channels; ++k)
            add_scaled(to, weights + k * taps, from[k], s.channels);
        }
      }
    }
  }
  return dx;
}

Floats convolve_backward_weights(const ConvolutionSizes& s, const Floats& x, const Floats& dy, bool reversed) {
  const std::int64_t taps = s.kernel_height * s.kernel_width * s.channels;
  Floats dw(size(s.output_channels, s.kernel_height, s.kernel_width, s.channels));
#pragma omp parallel for
  for (std::int64_t tap = 0; tap < s.kernel_height * s.kernel_width; ++tap) {
    const std::int64_t r = tap / s.kernel_width;
    const std::int64_t q = tap % s.kernel_width;
    // One picture's sums first: many small sums keep more of float32 than one large one.
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

}  // namespace sleight::pretend

// How the CUDA kernels that look at neighboring pixels walk over a channels-last tensor: one block per row of an
// image (batch * height of them), its threads over the row's pixels and the packs of channels of each.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "kernels/lib/activation_view.h"
#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"

namespace sleight::kernels {
inline namespace SLEIGHT_TARGET_NAMESPACE {

// A 64-bit division takes a GPU as long as reading a pack from memory, so kernels count within an image in 32 bits, and
// only an offset into the whole tensor has 64. No tensor that fits into a GPU's memory has such images.
inline void require_short_rows(const ActivationView& view) {
  constexpr std::int64_t most = 1 << 30;
  if (view.height > most || view.width * view.channels() > most)
    throw std::invalid_argument("images of " + std::to_string(view.height) + " rows of " +
                                std::to_string(view.width * view.channels()) +
                                " values; a GPU kernel takes up to 2^30 of each");
}

inline LaunchShape image_rows_shape(const ActivationView& view, int pack) {
  require_short_rows(view);
  const std::int64_t items = view.width * ((view.channels() + pack - 1) / pack);
  const unsigned threads = items >= 256 ? 256U : blocks_for(items, 32) * 32U;
  return {dim3(blocks_for(view.batch * view.height, 1)), dim3(threads == 0 ? 32U : threads)};
}

// body(image, row, column, channel, valid) for the packs that fall to this thread.
template <int N, class Body>
__device__ inline void for_each_pack_of_image_row(const ActivationView& view, Body&& body) {
  const int block = static_cast<int>(blockIdx.x);
  const int image = block / static_cast<int>(view.height);
  const int row = block - image * static_cast<int>(view.height);
  const int channels = static_cast<int>(view.lanes);
  const int packs = (channels + N - 1) / N;
  const int items = static_cast<int>(view.width) * packs;
  for (int item = static_cast<int>(threadIdx.x); item < items; item += static_cast<int>(blockDim.x)) {
    const int column = item / packs;
    const int channel = (item - column * packs) * N;
    body(image, row, column, channel, channels - channel < N ? channels - channel : N);
  }
}

// Where a pixel's channels start.
__device__ inline std::int64_t pixel_offset(const ActivationView& view, std::int64_t image, std::int64_t row,
                                            std::int64_t column) {
  return ((image * view.height + row) * view.width + column) * view.lanes;
}

}  // namespace SLEIGHT_TARGET_NAMESPACE
}  // namespace sleight::kernels

#include "kernels/lib/weight_view.h"

#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>

namespace sleight::kernels {
namespace {

void check_lanes(const WeightView& view) {
  const bool divides = view.layout.output_lanes > 0 && view.layout.input_lanes > 0 &&
                       view.output_channels % view.layout.output_lanes == 0 &&
                       view.input_channels % view.layout.input_lanes == 0;
  if (divides) return;
  throw std::invalid_argument("weights: lanes of " + std::to_string(view.layout.output_lanes) + " x " +
                              std::to_string(view.layout.input_lanes) + " do not divide " +
                              std::to_string(view.output_channels) + " output x " +
                              std::to_string(view.input_channels) + " input channels");
}

template <std::size_t element_bytes>
void permute(const WeightView& from, const std::byte* source, const WeightView& to, std::byte* destination) {
#pragma omp parallel for schedule(static)
  for (std::int64_t o = 0; o < to.output_channels; ++o) {
    for (std::int64_t i = 0; i < to.input_channels; ++i) {
      for (std::int64_t h = 0; h < to.kernel_height; ++h) {
        for (std::int64_t w = 0; w < to.kernel_width; ++w) {
          std::memcpy(destination + to.offset(o, i, h, w) * std::int64_t{element_bytes},
                      source + from.offset(o, i, h, w) * std::int64_t{element_bytes}, element_bytes);
        }
      }
    }
  }
}

}  // namespace

void permute_weights(const WeightView& from, const void* source, const WeightView& to, void* destination,
                     std::int64_t element_bytes) {
  check_lanes(from);
  check_lanes(to);
  if (from.output_channels != to.output_channels || from.input_channels != to.input_channels ||
      from.kernel_height != to.kernel_height || from.kernel_width != to.kernel_width) {
    throw std::invalid_argument("permute_weights: the two views differ in more than the layout");
  }
  const auto* bytes_in = static_cast<const std::byte*>(source);
  auto* bytes_out = static_cast<std::byte*>(destination);
  switch (element_bytes) {
    case 2:
      return permute<2>(from, bytes_in, to, bytes_out);
    case 4:
      return permute<4>(from, bytes_in, to, bytes_out);
    case 8:
      return permute<8>(from, bytes_in, to, bytes_out);
    default:
      throw std::invalid_argument("permute_weights: elements of " + std::to_string(element_bytes) + " bytes");
  }
}

}  // namespace sleight::kernels

// The loops of image_prepare and image_prepare_resident on the cpu, which differ in where the bytes of a row come from
// alone, and what both refuse.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "kernels/lib/image_blend.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

// Throws std::invalid_argument, naming the kernel.
template <class Arguments>
void check_channels(const std::string& kernel, const Arguments& a) {
  if (a.channels != 3 && a.channels != 4 && a.channels != 8)
    throw std::invalid_argument(kernel + ": " + std::to_string(a.channels) + " channels; give 3, 4 or 8");
  for (int channel = 0; channel < 3; ++channel) {
    if (!(a.deviation[channel] > 0))
      throw std::invalid_argument(kernel + ": deviation[" + std::to_string(channel) + "] is " +
                                  std::to_string(a.deviation[channel]) + "; it must be positive");
  }
}

// The same for an entry of values, where there are any, that is outside 0..end-1.
inline void check_range(const std::string& kernel, const char* name, const std::int32_t* values, std::int64_t batch,
                        std::int64_t end) {
  for (std::int64_t n = 0; values != nullptr && n < batch; ++n) {
    if (values[n] < 0 || values[n] >= end)
      throw std::invalid_argument(kernel + ": " + name + "[" + std::to_string(n) + "] is " + std::to_string(values[n]) +
                                  "; there are " + std::to_string(end));
  }
}

// row_of(n, h) is row h of image n of the batch: a function (w, c) that gives the byte, mirrored if it is to be.
template <class T, class Arguments, class RowOf>
void prepare_rows(const Arguments& a, const RowOf& row_of) {
  using Value = Accumulator<T>;
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t n = 0; n < a.batch; ++n) {
    for (std::int64_t h = 0; h < a.height; ++h) {
      const Value lambda = a.partner != nullptr ? Value(a.lambda[n]) : Value(1);
      const bool mixed = lambda != Value(1);
      const auto own = row_of(n, h);
      const auto other = mixed ? row_of(a.partner[n], h) : own;
      T* const out = static_cast<T*>(a.out) + (n * a.height + h) * a.width * a.channels;
      for (std::int64_t w = 0; w < a.width; ++w) {
        for (std::int64_t c = 0; c < 3; ++c) {
          Value value = Value(own(w, c));
          if (mixed) value = blended(value, Value(other(w, c)), lambda);
          out[w * a.channels + c] = T(normalized(value, Value(a.mean[c]), Value(1) / Value(a.deviation[c])));
        }
        for (std::int64_t c = 3; c < a.channels; ++c)
          out[w * a.channels + c] = T(0.0F);
      }
    }
  }
}

}  // namespace sleight::kernels

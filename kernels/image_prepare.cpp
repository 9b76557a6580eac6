#include "kernels/image_prepare.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/picture_blend.h"

namespace sleight::kernels {

void check_arguments(const ImagePrepare& a) {
  if (a.channels != 3 && a.channels != 4 && a.channels != 8)
    throw std::invalid_argument("image_prepare: " + std::to_string(a.channels) + " channels; give 3, 4 or 8");
  for (int channel = 0; channel < 3; ++channel) {
    if (!(a.deviation[channel] > 0))
      throw std::invalid_argument("image_prepare: deviation[" + std::to_string(channel) + "] is " +
                                  std::to_string(a.deviation[channel]) + "; it must be positive");
  }
}

namespace {

template <class T>
void image_prepare_typed(const ImagePrepare& a) {
  using Value = Accumulator<T>;
  const std::int64_t row_bytes = a.width * 3;
  const std::int64_t image_bytes = a.height * row_bytes;
  T* const out = static_cast<T*>(a.out);

#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t n = 0; n < a.batch; ++n) {
    for (std::int64_t h = 0; h < a.height; ++h) {
      const std::int64_t partner = a.partner != nullptr ? a.partner[n] : n;
      const Value lambda = a.partner != nullptr ? Value(a.lambda[n]) : Value(1);
      const bool mixed = lambda != Value(1);
      const bool flip = a.flip != nullptr && a.flip[n] != 0;
      const bool partner_flip = mixed && a.flip != nullptr && a.flip[partner] != 0;
      const std::uint8_t* const row = a.images + n * image_bytes + h * row_bytes;
      const std::uint8_t* const partner_row = a.images + partner * image_bytes + h * row_bytes;
      T* const out_row = out + (n * a.height + h) * a.width * a.channels;

      for (std::int64_t w = 0; w < a.width; ++w) {
        const std::uint8_t* const pixel = row + (flip ? a.width - 1 - w : w) * 3;
        const std::uint8_t* const partner_pixel = partner_row + (partner_flip ? a.width - 1 - w : w) * 3;
        for (std::int64_t c = 0; c < 3; ++c) {
          Value value = Value(pixel[c]);
          if (mixed) value = blended(value, Value(partner_pixel[c]), lambda);
          out_row[w * a.channels + c] = T(normalised(value, Value(a.mean[c]), Value(1) / Value(a.deviation[c])));
        }
        for (std::int64_t c = 3; c < a.channels; ++c)
          out_row[w * a.channels + c] = T(0.0F);
      }
    }
  }
}

}  // namespace

void image_prepare(Cpu, const ImagePrepare& a) {
  check_arguments(a);
  for (std::int64_t n = 0; a.partner != nullptr && n < a.batch; ++n) {
    if (a.partner[n] < 0 || a.partner[n] >= a.batch)
      throw std::invalid_argument("image_prepare: partner[" + std::to_string(n) + "] is " +
                                  std::to_string(a.partner[n]) + " in a batch of " + std::to_string(a.batch));
  }
  visit_cpu_type(a.type, [&](auto tag) { image_prepare_typed<typename decltype(tag)::type>(a); });
}

}  // namespace sleight::kernels

#include "kernels/image_prepare_resident.h"

#include <stdexcept>
#include <string>

#include "kernels/picture_blend.h"

namespace sleight::kernels {

void check_arguments(const ImagePrepareResident& a) {
  if (a.channels != 3 && a.channels != 4 && a.channels != 8)
    throw std::invalid_argument("image_prepare_resident: " + std::to_string(a.channels) + " channels; give 3, 4 or 8");
  for (int channel = 0; channel < 3; ++channel) {
    if (!(a.deviation[channel] > 0))
      throw std::invalid_argument("image_prepare_resident: deviation[" + std::to_string(channel) + "] is " +
                                  std::to_string(a.deviation[channel]) + "; it must be positive");
  }
  // One row of a picture and one of its partner lie in the shared memory of a GPU's block.
  if (a.width > 16384)
    throw std::invalid_argument("image_prepare_resident: pictures of " + std::to_string(a.width) +
                                " columns; the widest are 16384");
}

namespace {

// One row of one window.
struct WindowRow {
  const std::uint8_t* bytes;  // of the picture's row; null where the row lies outside the picture
  std::int64_t left;
  bool flip;
};

WindowRow window_row(const ImagePrepareResident& a, std::int64_t n, std::int64_t h) {
  const std::int64_t y = a.window[2 * n] + h;
  const bool inside = y >= 0 && y < a.source_height;
  return {inside ? a.pictures + (a.index[n] * a.source_height + y) * a.source_width * 3 : nullptr, a.window[2 * n + 1],
          a.flip != nullptr && a.flip[n] != 0};
}

template <class Value>
Value colour_at(const ImagePrepareResident& a, const WindowRow& row, std::int64_t w, std::int64_t c) {
  const std::int64_t x = row.left + (row.flip ? a.width - 1 - w : w);
  return row.bytes != nullptr && x >= 0 && x < a.source_width ? Value(row.bytes[x * 3 + c]) : Value(0);
}

template <class T>
void image_prepare_resident_typed(const ImagePrepareResident& a) {
  using Value = Accumulator<T>;
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t n = 0; n < a.batch; ++n) {
    for (std::int64_t h = 0; h < a.height; ++h) {
      const Value lambda = a.partner != nullptr ? Value(a.lambda[n]) : Value(1);
      const bool mixed = lambda != Value(1);
      const WindowRow own = window_row(a, n, h);
      const WindowRow other = mixed ? window_row(a, a.partner[n], h) : own;
      T* const out = static_cast<T*>(a.out) + (n * a.height + h) * a.width * a.channels;
      for (std::int64_t w = 0; w < a.width; ++w) {
        for (std::int64_t c = 0; c < 3; ++c) {
          Value value = colour_at<Value>(a, own, w, c);
          if (mixed) value = blended(value, colour_at<Value>(a, other, w, c), lambda);
          out[w * a.channels + c] = T(normalised(value, Value(a.mean[c]), Value(1) / Value(a.deviation[c])));
        }
        for (std::int64_t c = 3; c < a.channels; ++c)
          out[w * a.channels + c] = T(0.0F);
      }
    }
  }
}

void check_range(const std::int32_t* values, const char* name, std::int64_t batch, std::int64_t end) {
  for (std::int64_t n = 0; values != nullptr && n < batch; ++n) {
    if (values[n] < 0 || values[n] >= end)
      throw std::invalid_argument("image_prepare_resident: " + std::string(name) + "[" + std::to_string(n) + "] is " +
                                  std::to_string(values[n]) + "; there are " + std::to_string(end));
  }
}

}  // namespace

void image_prepare_resident(Cpu, const ImagePrepareResident& a) {
  check_arguments(a);
  check_range(a.index, "index", a.batch, a.count);
  check_range(a.partner, "partner", a.batch, a.batch);
  visit_cpu_type(a.type, [&](auto tag) { image_prepare_resident_typed<typename decltype(tag)::type>(a); });
}

}  // namespace sleight::kernels

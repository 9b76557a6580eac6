#include "kernels/image_prepare_resident.h"

#include <stdexcept>
#include <string>

#include "kernels/image_rows.h"

namespace sleight::kernels {

void check_arguments(const ImagePrepareResident& a) {
  check_channels("image_prepare_resident", a);
  // One row of an image and one of its partner lie in the shared memory of a GPU's block.
  if (a.width > 16384)
    throw std::invalid_argument("image_prepare_resident: images of " + std::to_string(a.width) +
                                " columns; the widest are 16384");
}

namespace {

// One row of one window.
struct WindowRow {
  const std::uint8_t* bytes;  // of the image's row; null where the row lies outside the image
  std::int64_t left, width, source_width;
  bool flip;

  std::uint8_t operator()(std::int64_t w, std::int64_t c) const {
    const std::int64_t x = left + (flip ? width - 1 - w : w);
    return bytes != nullptr && x >= 0 && x < source_width ? bytes[x * 3 + c] : std::uint8_t{0};
  }
};

WindowRow window_row(const ImagePrepareResident& a, std::int64_t n, std::int64_t h) {
  const std::int64_t y = a.window[2 * n] + h;
  const bool inside = y >= 0 && y < a.source_height;
  return {.bytes = inside ? a.images + (a.index[n] * a.source_height + y) * a.source_width * 3 : nullptr,
          .left = a.window[2 * n + 1],
          .width = a.width,
          .source_width = a.source_width,
          .flip = a.flip != nullptr && a.flip[n] != 0};
}

}  // namespace

void image_prepare_resident(Cpu, const ImagePrepareResident& a) {
  check_arguments(a);
  check_range("image_prepare_resident", "index", a.index, a.batch, a.count);
  check_range("image_prepare_resident", "partner", a.partner, a.batch, a.batch);
  visit_cpu_type(a.type, [&]<class T>(TypeTag<T>) {
    prepare_rows<T>(a, [&](std::int64_t n, std::int64_t h) { return window_row(a, n, h); });
  });
}

}  // namespace sleight::kernels

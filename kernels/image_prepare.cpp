#include "kernels/image_prepare.h"

#include "kernels/image_rows.h"

namespace sleight::kernels {

void check_arguments(const ImagePrepare& a) {
  check_channels("image_prepare", a);
}

namespace {

struct ImageRow {
  const std::uint8_t* bytes;
  std::int64_t width;
  bool flip;

  std::uint8_t operator()(std::int64_t w, std::int64_t c) const { return bytes[(flip ? width - 1 - w : w) * 3 + c]; }
};

}  // namespace

void image_prepare(Cpu, const ImagePrepare& a) {
  check_arguments(a);
  check_range("image_prepare", "partner", a.partner, a.batch, a.batch);
  const auto row_of = [&](std::int64_t n, std::int64_t h) {
    return ImageRow{a.images + (n * a.height + h) * a.width * 3, a.width, a.flip != nullptr && a.flip[n] != 0};
  };
  visit_cpu_type(a.type, [&]<class T>(TypeTag<T>) { prepare_rows<T>(a, row_of); });
}

}  // namespace sleight::kernels

#include "engine/image/image.h"

#include "engine/base/error.h"

namespace sleight {

void Image::resize(std::int64_t height, std::int64_t width) {
  check(height >= 0 && width >= 0, "an image of ", width, " x ", height, " pixels is impossible");
  height_ = height;
  width_ = width;
  const std::size_t bytes = static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3;
  // Grows only: shrinking and growing again would write zeros over pixels that the next decode overwrites.
  if (pixels_.size() < bytes) pixels_.resize(bytes);
}

}  // namespace sleight

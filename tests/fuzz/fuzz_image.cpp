// Any bytes as an image file: decoded or refused with an Error, nothing else; and the size read from the header alone
// is the decoder's.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>

#include "engine/base/error.h"
#include "engine/image/decode_image.h"
#include "engine/image/image_size.h"
#include "engine/image/jpeg.h"

namespace {

std::optional<sleight::ImageHeader> header_of(std::span<const std::byte> file) {
  try {
    return sleight::find_image_header(file);
  } catch (const sleight::Error&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sleight::ImageDecoder decoder;
  const std::span<const std::byte> file(reinterpret_cast<const std::byte*>(data), size);
  try {
    const sleight::ImageSize image = decoder.open(file);
    const auto header = header_of(file);
    // Without any image data a PNG file has a size, but its header has no end.
    if (!header && sleight::is_jpeg(file)) std::abort();
    if (header) {
      const sleight::ImageSize turned = sleight::turned_size(header->size, header->orientation);
      if (turned.height != image.height || turned.width != image.width) std::abort();
    }
    // Large images are allowed, but would only slow the search down.
    if (image.height * image.width > std::int64_t{1} << 20) return 0;
    const double height = static_cast<double>(image.height);
    const double width = static_cast<double>(image.width);
    // The input's length chooses the part and the reduction.
    const double share = 0.05 + static_cast<double>(size % 16) / 20.0;
    decoder.decode({width * (1.0 - share) / 2, height * (1.0 - share), width * share, height * share},
                   1 + static_cast<std::int64_t>(size % 64), 1 + static_cast<std::int64_t>(size % 96));
  } catch (const sleight::Error&) {
    return 0;
  }
  return 0;
}

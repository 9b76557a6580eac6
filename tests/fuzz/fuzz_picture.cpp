// Any bytes as a picture file: decoded or refused with an Error, nothing else.
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/error.h"
#include "engine/data/decode_picture.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sleight::PictureDecoder decoder;
  const std::span<const std::byte> file(reinterpret_cast<const std::byte*>(data), size);
  try {
    const sleight::PictureSize picture = decoder.open(file);
    // Large pictures are allowed, but would only slow the search down.
    if (picture.height * picture.width > std::int64_t{1} << 20) return 0;
    const double height = static_cast<double>(picture.height);
    const double width = static_cast<double>(picture.width);
    // The input's length chooses the part and the reduction.
    const double share = 0.05 + static_cast<double>(size % 16) / 20.0;
    decoder.decode({width * (1.0 - share) / 2, height * (1.0 - share), width * share, height * share},
                   1 + static_cast<std::int64_t>(size % 64), 1 + static_cast<std::int64_t>(size % 96));
  } catch (const sleight::Error&) {
    return 0;
  }
  return 0;
}

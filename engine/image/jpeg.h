// JPEG by libjpeg-turbo, decoding only the part and the resolution that is needed. Used through ImageDecoder.
//
// Most of the time of reading a large photograph goes into inverse transforms and color conversion of pixels that the
// crop and the resize throw away again. The decoder is told what will be left: it transforms 8 x 8 blocks straight to
// 4 x 4, 2 x 2 or 1 x 1, skips rows above the box, blocks beside it, and everything below it. Only the entropy decoding
// of what lies before the box's end has to be done in any case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "engine/image/decode_image.h"
#include "engine/image/image.h"

namespace sleight {

bool is_jpeg(std::span<const std::byte> file);

class JpegDecoder {
 public:
  JpegDecoder();
  ~JpegDecoder();
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  // As ImageDecoder::open and decode. A file without its end marker is refused, even when the missing rows would not
  // be needed: whether an image counts as broken must not depend on the crop.
  ImageSize open(std::span<const std::byte> file);
  DecodedPart decode(const CropBox& box, std::int64_t output_height, std::int64_t output_width);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sleight

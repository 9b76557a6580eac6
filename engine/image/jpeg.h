// JPEG by libjpeg-turbo. Decodes only the part and the resolution that the caller needs. Used through ImageDecoder.
//
// A decoder that ignores the crop spends most of its time on pixels that crop and resize throw away: it inverts their
// transforms and converts their colors. This one knows the crop and the output size. It transforms 8 x 8 blocks
// directly to 4 x 4, 2 x 2 or 1 x 1, skips rows above the box, blocks to the left and right of it, and everything below
// it. Only entropy decoding up to the box's end cannot be skipped.
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

  // As ImageDecoder::open and decode. A file without its end marker is refused, even if the missing rows are not
  // needed: the crop must not decide whether an image counts as broken.
  ImageSize open(std::span<const std::byte> file);
  DecodedPart decode(const CropBox& box, std::int64_t output_height, std::int64_t output_width);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sleight

// Decodes JPEG and PNG files to pixels. The first bytes of a file decide its format, never its name. Images that are
// too large are refused from their header, before any pixel is decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/image/image.h"

namespace sleight {

inline constexpr std::int64_t maximum_image_side = 32768;
inline constexpr std::int64_t maximum_image_pixels = std::int64_t{1} << 27;  // 134 million: 400 MB as bytes

struct ImageSize {
  std::int64_t height = 0;
  std::int64_t width = 0;
};

// Throws Error when the size is beyond the limits above, naming both.
void check_image_size(std::int64_t height, std::int64_t width);

// The message about a file that is neither: its first bytes, what it is, and what to do.
std::string not_an_image(std::span<const std::byte> file);

// Decoded pixels that cover a box of the file's image, possibly reduced.
struct DecodedPart {
  ImageView pixels;  // valid until the decoder is used again
  CropBox box;       // the requested box, in these pixels
};

// Whether images are turned as their EXIF orientation says (engine/image/orientation.h).
enum class ExifOrientation : std::uint8_t { applied, ignored };
inline ExifOrientation exif_orientation_if(bool applied) {
  return applied ? ExifOrientation::applied : ExifOrientation::ignored;
}

// What does not make an image unreadable, and often is a mistake. Of PNG files alone.
struct ImageOddities {
  bool is_dark_16_bit = false;  // 16 bits a channel, and no value above 1/8 of the range: it looks black
  bool is_transparent = false;  // a pixel is not opaque; the color that is stored under it is taken
};

// One per thread; keeps its memory from image to image. Gray and CMYK images are converted to red, green, blue; the
// alpha channel is dropped; 16-bit channels become 8.
class ImageDecoder {
 public:
  ImageDecoder();
  ~ImageDecoder();
  ImageDecoder(ImageDecoder&&) noexcept;
  ImageDecoder& operator=(ImageDecoder&&) noexcept;

  // Reads the header, and returns the size of the turned image. `file` must stay valid until its last decode. Throws
  // Error unless it is a whole JPEG or PNG file within the limits.
  ImageSize open(std::span<const std::byte> file, ExifOrientation exif = ExifOrientation::applied);

  // Decodes the pixels of `box` (inside the opened image), which the caller resizes to output_height x output_width. A
  // JPEG is decoded only around the box, at the smallest of 1/1, 1/2, 1/4, 1/8 of its size that still has at least that
  // many pixels in the box. Once per open(). Throws Error for damaged data.
  DecodedPart decode(const CropBox& box, std::int64_t output_height, std::int64_t output_width);

  // Decodes the whole image at its own size. Once per open().
  ImageView decode();

  // Of the image that was decoded last.
  const ImageOddities& oddities() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sleight

#include "engine/image/decode_image.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/files/file_kind.h"
#include "engine/image/image_size.h"
#include "engine/image/jpeg.h"
#include "engine/image/orientation.h"
#include "engine/image/png.h"

namespace sleight {

std::string not_an_image(std::span<const std::byte> file) {
  const std::string kind = kind_of_file(file);
  const bool is_an_image = kind.ends_with(" image");
  return "neither a JPEG nor a PNG file: it begins with \"" + first_bytes(file) + "\"" +
         (kind.empty() ? "" : " (" + kind + ")") +
         (is_an_image ? "; convert it to JPEG or PNG" : "; get it again or remove it");
}

void check_image_size(std::int64_t height, std::int64_t width) {
  check(height > 0 && width > 0, "the image states a size of ", width, " x ", height, " pixels");
  check(height <= maximum_image_side && width <= maximum_image_side && height * width <= maximum_image_pixels,
        "the image states a size of ", width, " x ", height, " pixels; the limit is ", maximum_image_side,
        " a side and ", maximum_image_pixels, " in all. Make it smaller or remove it");
}

struct ImageDecoder::State {
  JpegDecoder jpeg;
  Image png;
  std::span<const std::byte> file;
  bool is_jpeg = false;
  ImageSize size;  // as stored
  Orientation orientation;
  Image turned;
  ImageOddities oddities;

  DecodedPart decode(const CropBox& box, std::int64_t output_height, std::int64_t output_width) {
    if (is_jpeg) return jpeg.decode(box, output_height, output_width);
    oddities = decode_png(file, png);
    return {std::as_const(png).view(), box};
  }
};

ImageDecoder::ImageDecoder() : state_(std::make_unique<State>()) {}
ImageDecoder::~ImageDecoder() = default;
ImageDecoder::ImageDecoder(ImageDecoder&&) noexcept = default;
ImageDecoder& ImageDecoder::operator=(ImageDecoder&&) noexcept = default;

ImageSize ImageDecoder::open(std::span<const std::byte> file, ExifOrientation exif) {
  check(!file.empty(), "the file is empty");
  state_->file = file;
  state_->is_jpeg = is_jpeg(file);
  if (state_->is_jpeg) {
    state_->size = state_->jpeg.open(file);
  } else if (is_png(file)) {
    state_->size = read_png_header(file);
  } else {
    fail(not_an_image(file));
  }
  state_->orientation = exif == ExifOrientation::applied ? find_orientation(file) : Orientation{};
  return turned_size(state_->size, state_->orientation);
}

DecodedPart ImageDecoder::decode(const CropBox& box, std::int64_t output_height, std::int64_t output_width) {
  const Orientation orientation = state_->orientation;
  state_->oddities = {};
  if (orientation == Orientation{}) return state_->decode(box, output_height, output_width);
  const ImageSize output = turned_size({output_height, output_width}, orientation);
  const DecodedPart part = state_->decode(stored_box(box, state_->size, orientation), output.height, output.width);
  turn(part.pixels, orientation, state_->turned);
  return {std::as_const(state_->turned).view(),
          turned_box(part.box, {part.pixels.height, part.pixels.width}, orientation)};
}

ImageView ImageDecoder::decode() {
  const ImageSize size = turned_size(state_->size, state_->orientation);
  const CropBox whole{0.0, 0.0, static_cast<double>(size.width), static_cast<double>(size.height)};
  return decode(whole, size.height, size.width).pixels;
}

const ImageOddities& ImageDecoder::oddities() const {
  return state_->oddities;
}

}  // namespace sleight

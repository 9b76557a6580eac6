#include "engine/image/decode_image.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <string>

#include "engine/base/error.h"
#include "engine/image/jpeg.h"
#include "engine/image/png.h"

namespace sleight {

namespace {

// The first bytes of a file that is neither JPEG nor PNG, for the message: printable bytes unchanged, others as \xNN.
std::string first_bytes(std::span<const std::byte> file) {
  std::string text;
  for (const std::byte byte : file.first(std::min<std::size_t>(file.size(), 12))) {
    const int value = std::to_integer<int>(byte);
    if (value >= 0x20 && value < 0x7f) {
      text += static_cast<char>(value);
    } else {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned>(value));
      text += escaped.data();
    }
  }
  return text;
}

}  // namespace

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
  ImageSize size;
};

ImageDecoder::ImageDecoder() : state_(std::make_unique<State>()) {}
ImageDecoder::~ImageDecoder() = default;
ImageDecoder::ImageDecoder(ImageDecoder&&) noexcept = default;
ImageDecoder& ImageDecoder::operator=(ImageDecoder&&) noexcept = default;

ImageSize ImageDecoder::open(std::span<const std::byte> file) {
  check(!file.empty(), "the file is empty");
  state_->file = file;
  state_->is_jpeg = is_jpeg(file);
  if (state_->is_jpeg) {
    state_->size = state_->jpeg.open(file);
  } else if (is_png(file)) {
    state_->size = read_png_header(file);
  } else {
    fail("neither a JPEG nor a PNG file: it begins with \"", first_bytes(file), "\"");
  }
  return state_->size;
}

DecodedPart ImageDecoder::decode(const CropBox& box, std::int64_t output_height, std::int64_t output_width) {
  if (state_->is_jpeg) return state_->jpeg.decode(box, output_height, output_width);
  decode_png(state_->file, state_->png);
  return {std::as_const(state_->png).view(), box};
}

ImageView ImageDecoder::decode() {
  const CropBox whole{0.0, 0.0, static_cast<double>(state_->size.width), static_cast<double>(state_->size.height)};
  return decode(whole, state_->size.height, state_->size.width).pixels;
}

}  // namespace sleight

#include "engine/data/classifier/pipeline.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "engine/base/error.h"

namespace sleight {

namespace {

std::int64_t nanoseconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count();
}

}  // namespace

void copy_window(ImageView image, PaddedWindow window, MutableImageView destination) {
  const std::int64_t first = std::max<std::int64_t>(0, -window.left);
  const std::int64_t last = std::min(destination.width, image.width - window.left);
  for (std::int64_t y = 0; y < destination.height; ++y) {
    const std::int64_t source_y = y + window.top;
    std::uint8_t* row = destination.row(y);
    std::memset(row, 0, static_cast<std::size_t>(destination.width) * 3);
    if (source_y < 0 || source_y >= image.height || first >= last) continue;
    std::memcpy(row + first * 3, image.row(source_y) + (first + window.left) * 3,
                static_cast<std::size_t>(last - first) * 3);
  }
}

bool ImagePipeline::prepare(const StoredImage& stored, const ClassifierAugmentation& recipe, RandomStream& random,
                            MutableImageView destination) {
  const auto start = std::chrono::steady_clock::now();
  const bool is_encoded = stored.form == StoredImage::Form::encoded;
  const ImageSize size = is_encoded ? decoder_.open(stored.bytes, stored.exif) : ImageSize{stored.height, stored.width};

  CropBox box{0.0, 0.0, static_cast<double>(size.width), static_cast<double>(size.height)};
  PaddedWindow window;
  if (recipe.crop == CropKind::random_resized) {
    box = draw_random_resized_crop(recipe, size.height, size.width, random);
  } else if (recipe.crop == CropKind::center) {
    box = center_crop(size.height, size.width, destination.height, destination.width, recipe.center_fraction);
  } else if (recipe.crop == CropKind::padded) {
    window = draw_padded_window(recipe, random);
  }
  const bool flip = draw_flip(recipe, random);
  const ColorChange color_change = draw_color_change(recipe, random);

  DecodedPart part;
  if (is_encoded) {
    part = decoder_.decode(box, destination.height, destination.width);
  } else {
    part = {{reinterpret_cast<const std::uint8_t*>(stored.bytes.data()), size.height, size.width, size.width * 3}, box};
  }
  const auto decoded = std::chrono::steady_clock::now();

  if (recipe.crop == CropKind::padded) {
    resized_.resize(destination.height, destination.width);
    resizer_.resize(part.pixels, part.box, resized_.view());
    copy_window(resized_.view(), window, destination);
  } else {
    resizer_.resize(part.pixels, part.box, destination);
  }
  apply_color_change(color_change, destination);
  const auto finished = std::chrono::steady_clock::now();
  times_.decoding += nanoseconds_between(start, decoded);
  times_.augmenting += nanoseconds_between(decoded, finished);
  return flip;
}

}  // namespace sleight

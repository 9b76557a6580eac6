#include "engine/run/detector/box_sizes.h"

#include <algorithm>

#include "engine/base/error.h"

namespace sleight {

namespace {

ImageSize size_of(const StoredImage& stored, ImageDecoder& decoder) {
  if (stored.form == StoredImage::Form::pixels) return {stored.height, stored.width};
  return decoder.open(stored.bytes, stored.exif);
}

}  // namespace

std::vector<BoxSize> box_sizes_at(const DetectorDataset& dataset, std::int64_t image_size, bool letterbox,
                                  const std::optional<ImageSize>& known) {
  std::vector<BoxSize> sizes;
  ImageDecoder decoder;
  StoredImage stored;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    if (dataset.objects(i).empty()) continue;
    ImageSize image;
    try {
      if (known) {
        image = *known;
      } else {
        dataset.read(i, stored);
        image = size_of(stored, decoder);
      }
    } catch (const Error&) {
      continue;  // the loader names it
    }
    double scale_x = static_cast<double>(image_size) / static_cast<double>(image.width);
    double scale_y = static_cast<double>(image_size) / static_cast<double>(image.height);
    if (letterbox) scale_x = scale_y = std::min(scale_x, scale_y);
    for (const ObjectBox& object : dataset.objects(i)) {
      if (!object.is_crowd) sizes.push_back({object.box.width() * scale_x, object.box.height() * scale_y});
    }
  }
  check(!sizes.empty(), "the dataset has no box in a readable image");
  return sizes;
}

}  // namespace sleight

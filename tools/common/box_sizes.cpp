#include "tools/common/box_sizes.h"

#include <algorithm>

#include "engine/base/error.h"

namespace sleight {

namespace {

PictureSize size_of(const StoredPicture& stored, PictureDecoder& decoder) {
  if (stored.form == StoredPicture::Form::pixels) return {stored.height, stored.width};
  return decoder.open(stored.bytes);
}

}  // namespace

std::vector<BoxSize> box_sizes_at(const DetectionDataset& dataset, std::int64_t image_size, bool letterbox,
                                  const std::optional<PictureSize>& known) {
  std::vector<BoxSize> sizes;
  PictureDecoder decoder;
  StoredPicture stored;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    if (dataset.objects(i).empty()) continue;
    PictureSize picture;
    try {
      if (known) {
        picture = *known;
      } else {
        dataset.read(i, stored);
        picture = size_of(stored, decoder);
      }
    } catch (const Error&) {
      continue;  // the loader names it
    }
    double scale_x = static_cast<double>(image_size) / static_cast<double>(picture.width);
    double scale_y = static_cast<double>(image_size) / static_cast<double>(picture.height);
    if (letterbox) scale_x = scale_y = std::min(scale_x, scale_y);
    for (const ObjectBox& object : dataset.objects(i)) {
      if (!object.is_crowd) sizes.push_back({object.box.width() * scale_x, object.box.height() * scale_y});
    }
  }
  check(!sizes.empty(), "the data set has no box in a readable picture");
  return sizes;
}

}  // namespace sleight

#include "engine/data/detector/pipeline.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"

namespace sleight {

namespace {

// Everything outside the placement.
void fill_around(const PartPlacement& placement, const std::array<double, 3>& fill, MutableImageView destination) {
  std::array<std::uint8_t, 3> bytes{};
  for (std::size_t channel = 0; channel < 3; ++channel)
    bytes[channel] = static_cast<std::uint8_t>(fill[channel] + 0.5);
  for (std::int64_t y = 0; y < destination.height; ++y) {
    std::uint8_t* row = destination.row(y);
    const bool beside = y >= placement.top && y < placement.top + placement.height;
    for (std::int64_t x = 0; x < destination.width; ++x) {
      if (beside && x == placement.left) x += placement.width;
      if (x < destination.width) std::copy_n(bytes.data(), 3, row + x * 3);
    }
  }
}

}  // namespace

ImageSize DetectorPipeline::open(std::size_t k) {
  Source& source = images_[k];
  const bool is_encoded = source.stored.form == StoredImage::Form::encoded;
  source.size = is_encoded ? source.decoder.open(source.stored.bytes, source.stored.exif)
                           : ImageSize{source.stored.height, source.stored.width};
  return source.size;
}

void DetectorPipeline::decode(std::size_t k, const CropBox& part, const PartPlacement& placement) {
  Source& source = images_[k];
  ImageLayer& layer = layers_[k];
  const double left = std::max(part.left, 0.0);
  const double top = std::max(part.top, 0.0);
  const CropBox visible{left, top, std::min(part.left + part.width, static_cast<double>(source.size.width)) - left,
                        std::min(part.top + part.height, static_cast<double>(source.size.height)) - top};
  if (visible.width <= 0.0 || visible.height <= 0.0) {
    layer = {.pixels = {}, .box = part};
    return;
  }
  if (source.stored.form == StoredImage::Form::pixels) {
    layer = {.pixels = {reinterpret_cast<const std::uint8_t*>(source.stored.bytes.data()), source.size.height,
                        source.size.width, source.size.width * 3},
             .box = part};
    return;
  }
  const auto share = [](std::int64_t length, double seen, double whole) {
    return static_cast<std::int64_t>(std::ceil(static_cast<double>(length) * seen / whole));
  };
  const DecodedPart decoded = source.decoder.decode(visible, share(placement.height, visible.height, part.height),
                                                    share(placement.width, visible.width, part.width));
  const double factor = decoded.box.width / visible.width;
  layer = {.pixels = decoded.pixels,
           .box = {decoded.box.left + (part.left - visible.left) * factor,
                   decoded.box.top + (part.top - visible.top) * factor, part.width * factor, part.height * factor}};
}

void DetectorPipeline::compose(std::size_t count, float lambda, const DetectorDraws& draws,
                               const PartPlacement& placement, const DetectorAugmentation& recipe,
                               MutableImageView destination) {
  check(count >= 1 && count <= maximum_images, "a sample is made of 1 or 2 images, not ", count);
  layers_[0].weight = count == 2 ? lambda : 1.0F;
  layers_[1].weight = 1.0F - lambda;
  if (placement.width != destination.width || placement.height != destination.height)
    fill_around(placement, recipe.fill, destination);
  composer_.compose(
      {layers_.data(), count}, draws.filter, draws.colors, recipe.fill,
      {destination.row(placement.top) + placement.left * 3, placement.height, placement.width, destination.row_stride});
}

}  // namespace sleight

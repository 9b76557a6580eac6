#include "engine/data/classifier/resident_images.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/format_bytes.h"
#include "engine/data/classifier/pipeline.h"

namespace sleight {

namespace {

// Images decoded and uploaded per round.
constexpr std::int64_t loaded_at_once = 256;

// The part of the recipe before the first draw.
ClassifierAugmentation without_draws(const ClassifierAugmentation& recipe) {
  ClassifierAugmentation result = plain_recipe();
  if (recipe.crop == CropKind::center) {
    result.crop = CropKind::center;
    result.center_fraction = recipe.center_fraction;
  }
  return result;
}

}  // namespace

void check_resident_recipe(const ClassifierAugmentation& recipe) {
  check(recipe.crop != CropKind::random_resized,
        "images that live on the device have one size, so they cannot be prepared by random resized crops; choose an "
        "augmentation that keeps their size (cifar, none), or leave the images to the loader");
  const bool colors = recipe.brightness != 0.0 || recipe.contrast != 0.0 || recipe.saturation != 0.0 ||
                      recipe.hue != 0.0 || recipe.pca_noise != 0.0;
  check(!colors,
        "images that live on the device keep their colors; choose an augmentation without brightness, "
        "contrast, saturation, hue and PCA noise (cifar, none), or leave the images to the loader");
}

ResidentImages::ResidentImages(const Dataset& dataset, const Device& device, const ResidentOptions& options)
    : device_(device), height_(options.height), width_(options.width) {
  check_resident_recipe(options.recipe);
  check(dataset.size() > 0 && dataset.size() <= std::numeric_limits<std::int32_t>::max(),
        "1 to 2147483647 images can live on a device, got ", dataset.size());
  const std::int64_t image_bytes = height_ * width_ * 3;
  check(dataset.size() <= options.limit_bytes / image_bytes, dataset.size(), " images of ", width_, "x", height_,
        " take ", format_bytes(dataset.size() * image_bytes), " of ", device.name(), ", more than the limit of ",
        format_bytes(options.limit_bytes), "; raise the limit, or leave the images to the loader");
  buffer_ = device.allocate(dataset.size() * image_bytes);
  const auto schedule = [&](std::int64_t step, BatchRequest& request) {
    const std::int64_t first = step * loaded_at_once;
    const std::int64_t count = std::min(loaded_at_once, dataset.size() - first);
    if (count <= 0) return false;
    request.height = height_;
    request.width = width_;
    request.recipe = without_draws(options.recipe);
    request.samples.resize(static_cast<std::size_t>(count));
    std::iota(request.samples.begin(), request.samples.end(), first);
    return true;
  };
  Loader loader(dataset, schedule,
                {.threads = options.threads,
                 .maximum_batch_size = std::min(loaded_at_once, dataset.size()),
                 .maximum_height = height_,
                 .maximum_width = width_});
  while (const std::optional<Batch> batch = loader.next()) {
    device.upload(buffer_.data() + count() * image_bytes, std::as_bytes(batch->images()));
    sources_.insert(sources_.end(), batch->sources().begin(), batch->sources().end());
  }
  broken_ = loader.broken_images();
}

std::vector<std::uint8_t> ResidentImages::images_of(const BatchView& batch) const {
  const auto image_bytes = static_cast<std::size_t>(height_ * width_ * 3);
  const std::int64_t row_bytes = batch.width * 3;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(batch.size * batch.height * row_bytes));
  std::vector<std::uint8_t> image(image_bytes);
  for (std::size_t i = 0; i < batch.indices.size(); ++i) {
    device_.download(std::as_writable_bytes(std::span(image)),
                     images() + static_cast<std::size_t>(batch.indices[i]) * image_bytes);
    copy_window({image.data(), height_, width_, width_ * 3}, {batch.windows[2 * i], batch.windows[2 * i + 1]},
                {pixels.data() + static_cast<std::int64_t>(i) * batch.height * row_bytes, batch.height, batch.width,
                 row_bytes});
  }
  return pixels;
}

}  // namespace sleight

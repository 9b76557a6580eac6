// A dataset that lives on the device: every image once, as bytes, decoded and resized to one size. A step then
// transfers the indices of its images and their windows instead of pixels; kernels/image_prepare_resident.h crops,
// mirrors and blends on the device. On the cpu it is a cache of decoded images.
//
// Everything before an image's first random draw is done once, here; the draws are the loader's. So a batch equals the
// loader's bit for bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/data/classifier/augmentation.h"
#include "engine/data/classifier/batch_view.h"
#include "engine/data/classifier/dataset.h"
#include "engine/data/classifier/loader.h"
#include "engine/device/device.h"

namespace sleight {

// Throws Error for a recipe that needs more than windows of one size: random resized crops, color changes.
void check_resident_recipe(const ClassifierAugmentation& recipe);

struct ResidentOptions {
  ClassifierAugmentation recipe;  // of future batches
  std::int64_t height = 0;        // of future batches
  std::int64_t width = 0;
  int threads = 1;
  std::int64_t limit_bytes = 0;  // a dataset that needs more memory is refused
};

class ResidentImages {
 public:
  // Reads all images. Throws Error for a recipe that windows cannot provide, for a dataset that does not fit, and for
  // too many broken images.
  ResidentImages(const Dataset& dataset, const Device& device, const ResidentOptions& options);

  std::int64_t count() const { return static_cast<std::int64_t>(sources_.size()); }
  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }
  std::int64_t bytes() const { return count() * height_ * width_ * 3; }
  // [count, height, width, 3], on the device.
  const std::uint8_t* images() const { return reinterpret_cast<const std::uint8_t*>(buffer_.data()); }
  // For LoaderOptions::resident_sources: the image itself, or the replacement of a broken one.
  std::span<const std::int64_t> sources() const { return sources_; }
  const std::vector<BrokenImage>& broken() const { return broken_; }

  // The images [N, H, W, 3] of a batch of indices and windows, on the host: for a file that holds the whole batch.
  std::vector<std::uint8_t> images_of(const BatchView& batch) const;

 private:
  const Device& device_;
  std::int64_t height_, width_;
  std::vector<std::int64_t> sources_;
  std::vector<BrokenImage> broken_;
  Buffer buffer_;
};

}  // namespace sleight

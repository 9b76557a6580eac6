// The sizes of a dataset's boxes as a network sees them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/data/detector/anchors.h"
#include "engine/data/detector/dataset.h"
#include "engine/image/decode_image.h"

namespace sleight {

// Of all objects that are not crowds, in pixels of images resized to image_size x image_size; letterbox: with their
// aspect kept. known: the size of all images, for scenes, which would have to be painted to learn it; otherwise the
// header of every image with objects is read, and images that cannot be read are left out. Throws Error
// when nothing is left.
std::vector<BoxSize> box_sizes_at(const DetectorDataset& dataset, std::int64_t image_size, bool letterbox,
                                  const std::optional<ImageSize>& known = {});

}  // namespace sleight

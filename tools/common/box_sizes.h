// The sizes of a data set's boxes as a network sees them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/data/anchors.h"
#include "engine/data/decode_picture.h"
#include "engine/data/detection_dataset.h"

namespace sleight {

// Of all objects that are not crowds, in pixels of pictures resized to image_size x image_size; letterbox: with their
// aspect kept. known: the size of all pictures, for scenes, which would have to be painted to learn it; otherwise the
// header of every picture with objects is read, and pictures that cannot be read are left out. Throws Error
// when nothing is left.
std::vector<BoxSize> box_sizes_at(const DetectionDataset& dataset, std::int64_t image_size, bool letterbox,
                                  const std::optional<PictureSize>& known = {});

}  // namespace sleight

// The images of a batch as the network gets them.
#pragma once

#include <vector>

#include "engine/data/classifier/batch_view.h"
#include "engine/image/image.h"

namespace sleight {

// Flipped and blended by the same kernel that feeds the network, with the normalization left out: bytes stay bytes.
std::vector<Image> prepared_images(const BatchView& batch);

}  // namespace sleight

// The pictures of a batch as the network gets them.
#pragma once

#include <vector>

#include "engine/data/batch_view.h"
#include "engine/data/picture.h"

namespace sleight {

// Flipped and blended by the same kernel that feeds the network, with the normalisation left out: bytes stay bytes.
std::vector<Picture> prepared_pictures(const BatchView& batch);

}  // namespace sleight

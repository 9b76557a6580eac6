// Images made up: shapes to tell apart, for a first run without any data.
#pragma once

#include <memory>

#include "engine/data/classifier/dataset.h"

namespace sleight {

// Each image shows one shape (the class) of random size, place, turn, colors and texture on a ground of smooth noise
// with lines, streaks and blots, half hidden at times behind a bar, with camera noise over all. From 11 classes on,
// class k is shape k % 10 with texture k / 10. Throws Error for counts that are not 1 to
// maximum_generated_images, a side that is not 8 to 4096 pixels, or not 2 to 50 classes.
std::unique_ptr<Dataset> open_synthetic(const SyntheticOptions& options, DatasetSplit split);

}  // namespace sleight

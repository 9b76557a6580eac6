// Generated images of one shape each, for a first run without any data.
#pragma once

#include <memory>

#include "engine/data/classifier/dataset.h"

namespace sleight {

// Each image shows one shape (the class) of random size, place, rotation, colors and texture on a ground of smooth
// noise with lines, streaks and blots, sometimes half hidden by a bar, with camera noise over everything. From 11
// classes on, class k is shape k % 10 with texture k / 10. Throws Error for counts outside 1 to
// maximum_generated_images, sides outside 8 to 4096 pixels, and classes outside 2 to 50.
std::unique_ptr<Dataset> open_synthetic(const SyntheticOptions& options, DatasetSplit split);

}  // namespace sleight

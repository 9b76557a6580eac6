// Pictures with boxes made up: several shapes to find, for a first run without any data.
#pragma once

#include <memory>

#include "engine/data/detection_dataset.h"

namespace sleight {

// A shape is placed only if at least this share of it can be seen, and only where it leaves as much of all others.
inline constexpr double smallest_visible_share = 0.35;

// Each scene shows minimum_objects to maximum_objects shapes (fewer where 30 tries find no room for one, which is rare
// up to 8) of random class, size, place, turn, colours and texture, the later ones before the earlier, on the same
// grounds as open_synthetic's pictures. Three in ten have a bar across one of the shapes.
//
// A box is the smallest one around the pixels of its shape that can be seen, as annotators draw it (Pascal VOC's
// guidelines: "the visible area of the object, not the estimated total extent"). A pixel belongs to the shape whose
// outline its centre lies in, to the front one of several. So boxes have whole numbers and are exact.
//
// The boxes are found when the dataset is opened. Throws Error for counts, sizes or classes out of their range.
std::unique_ptr<DetectionDataset> open_synthetic_scenes(const SyntheticSceneOptions& options, DatasetSplit split);

}  // namespace sleight

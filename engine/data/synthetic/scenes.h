// Images with boxes made up: several shapes to find, for a first run without any data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "engine/data/detector/dataset.h"
#include "engine/data/synthetic/arrangement.h"
#include "engine/data/synthetic/paint.h"
#include "engine/value/random.h"

namespace sleight {

// Each scene shows minimum_objects to maximum_objects shapes (fewer where 30 tries find no room for one, which is rare
// up to 8) of random class, size, place, turn, colors and texture, the later ones before the earlier, on the same
// grounds as open_synthetic's images. Three in ten have a bar across one of the shapes.
//
// A box is the smallest one around the pixels of its shape that can be seen, as annotators draw it (Pascal VOC's
// guidelines: "the visible area of the object, not the estimated total extent"). A pixel belongs to the shape whose
// outline its center lies in, to the front one of several. So boxes have whole numbers and are exact.
//
// The boxes are found when the dataset is opened. Throws Error for counts, sizes or classes out of their range.
std::unique_ptr<DetectorDataset> open_synthetic_scenes(const SyntheticSceneOptions& options, DatasetSplit split);

// What the dataset is made of, for its tests: a scene is drawn from its stream, and painted with what follows in it.
struct SyntheticScene {
  Ground ground;
  SceneArrangement arrangement;
  std::optional<Stroke> bar;
  double noise = 0.0;
};

RandomStream synthetic_scene_stream(std::uint64_t seed, DatasetSplit split, std::int64_t index);
SyntheticScene draw_synthetic_scene(const SyntheticSceneOptions& options, const SyntheticClasses& classes,
                                    RandomStream& random);
// pixels: [height, width, 3] bytes.
void paint_synthetic_scene(const SyntheticScene& scene, std::int64_t height, std::int64_t width, RandomStream& random,
                           std::span<std::byte> pixels);

}  // namespace sleight

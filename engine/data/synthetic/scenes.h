// Generated images with boxes: several shapes to find, for a first run without any data.
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

// Each scene shows minimum_objects to maximum_objects shapes (fewer if 30 tries find no room for one, which is rare up
// to 8) of random class, size, place, rotation, colors and texture. Later shapes are in front of earlier ones, on the
// same grounds as open_synthetic's images. In three of ten scenes a bar crosses one of the shapes.
//
// A box is the smallest one around the visible pixels of its shape, as annotators draw it (Pascal VOC's guidelines:
// "the visible area of the object, not the estimated total extent"). A pixel belongs to the frontmost shape whose
// outline contains the pixel's center. So boxes are exact and have whole coordinates.
//
// Opening the dataset computes the boxes. Throws Error for counts, sizes or classes out of their range.
std::unique_ptr<DetectorDataset> open_synthetic_scenes(const SyntheticSceneOptions& options, DatasetSplit split);

// How a scene is drawn and painted, exposed for tests: a scene is drawn from its stream and painted with the rest of
// that stream.
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

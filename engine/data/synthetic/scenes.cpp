#include "engine/data/synthetic/scenes.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr int maximum_tries = 30;
constexpr double smallest_radius = 0.07;
constexpr double largest_radius = 0.28;
constexpr double smallest_radius_in_pixels = 5.0;

}  // namespace

RandomStream synthetic_scene_stream(std::uint64_t seed, DatasetSplit split, std::int64_t index) {
  // Different from the streams of open_synthetic's images, which use the split alone.
  constexpr std::uint64_t first_stream = 2;
  return {seed, RandomPurpose::synthetic, first_stream + static_cast<std::uint64_t>(split),
          static_cast<std::uint64_t>(index)};
}

SyntheticScene draw_synthetic_scene(const SyntheticSceneOptions& options, const SyntheticClasses& classes,
                                    RandomStream& random) {
  SyntheticScene scene{{}, SceneArrangement(options.height, options.width), {}, 0.0};
  SceneArrangement& arrangement = scene.arrangement;
  const double width = arrangement.width();
  const double height = arrangement.height();
  scene.ground = draw_ground(width, height, random);
  scene.noise = random.uniform(0.01, 0.07);
  const double smallest = std::max(smallest_radius, smallest_radius_in_pixels * arrangement.pixel());
  const std::int64_t wanted =
      options.minimum_objects + random.below(options.maximum_objects - options.minimum_objects + 1);
  for (std::int64_t i = 0; i < wanted; ++i) {
    for (int attempt = 0; attempt < maximum_tries; ++attempt) {
      const auto label = static_cast<std::int32_t>(random.below(options.classes));
      // The square of a uniform number makes small shapes more frequent, as small objects are in photographs.
      const double share = random.uniform();
      const double radius = smallest + share * share * (largest_radius - smallest);
      const TexturedShape shape =
          draw_textured_shape(classes, label, scene.ground, radius, radius, width, height, random);
      if (arrangement.place(shape, label)) break;
    }
  }
  if (!arrangement.shapes().empty() && random.uniform() < 0.3) {
    const auto target = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(arrangement.shapes().size())));
    const Stroke bar = draw_bar(arrangement.shapes()[target].shape, width, height, random);
    if (arrangement.place_bar(bar)) scene.bar = bar;
  }
  return scene;
}

void paint_synthetic_scene(const SyntheticScene& scene, std::int64_t height, std::int64_t width, RandomStream& random,
                           std::span<std::byte> pixels) {
  const double pixel = scene.arrangement.pixel();
  std::byte* output = pixels.data();
  for (std::int64_t row = 0; row < height; ++row) {
    for (std::int64_t column = 0; column < width; ++column) {
      const double x = (static_cast<double>(column) + 0.5) * pixel;
      const double y = (static_cast<double>(row) + 0.5) * pixel;
      Color color = scene.ground.color_at(x, y, scene.arrangement.width(), scene.arrangement.height(), pixel);
      for (const PlacedShape& placed : scene.arrangement.shapes())
        placed.shape.paint(color, x, y, pixel);
      if (scene.bar) color = blend(color, scene.bar->color, scene.bar->coverage_at(x, y, pixel));
      write_noisy_pixel(color, scene.noise, random, output);
      output += 3;
    }
  }
}

namespace {

class SyntheticScenes : public DetectorDataset {
 public:
  SyntheticScenes(const SyntheticSceneOptions& options, DatasetSplit split)
      : options_(options), split_(split), classes_(options.classes, 1) {
    check(std::min(options.training_count, options.evaluation_count) > 0 &&
              std::max(options.training_count, options.evaluation_count) <= maximum_generated_scenes,
          "generated scenes: the counts must be 1 to ", maximum_generated_scenes, ", not ", options.training_count,
          " and ", options.evaluation_count, "; to train longer, take more epochs");
    check(options.height >= 32 && options.height <= 4096 && options.width >= 32 && options.width <= 4096,
          "generated scenes: a side must have 32 to 4096 pixels, not ", options.width, " x ", options.height);
    check(options.minimum_objects >= 1 && options.minimum_objects <= options.maximum_objects &&
              options.maximum_objects <= 100,
          "generated scenes: the number of objects must be a range in 1 .. 100, not ", options.minimum_objects, " .. ",
          options.maximum_objects);
    const std::int64_t count = split == DatasetSplit::training ? options.training_count : options.evaluation_count;
    objects_.resize(static_cast<std::size_t>(count));
#pragma omp parallel for schedule(dynamic)
    for (std::int64_t i = 0; i < count; ++i) {
      RandomStream random = stream(i);
      objects_[i] = draw_synthetic_scene(options_, classes_, random).arrangement.boxes();
    }
  }

  std::int64_t size() const override {
    return static_cast<std::int64_t>(objects_.size());
  }
  const std::vector<std::string>& class_names() const override {
    return classes_.names();
  }
  const std::vector<std::string>& warnings() const override {
    return warnings_;
  }
  std::span<const ObjectBox> objects(std::int64_t index) const override {
    return objects_.at(static_cast<std::size_t>(index));
  }
  std::string name(std::int64_t index) const override {
    return std::string("generated scene ") + (split_ == DatasetSplit::training ? "train/" : "val/") +
           std::to_string(index);
  }

  void read(std::int64_t index, StoredImage& image) const override {
    image.form = StoredImage::Form::pixels;
    image.height = options_.height;
    image.width = options_.width;
    image.memory.resize(static_cast<std::size_t>(options_.height * options_.width * 3));
    image.bytes = image.memory;

    RandomStream random = stream(index);
    const SyntheticScene scene = draw_synthetic_scene(options_, classes_, random);
    paint_synthetic_scene(scene, options_.height, options_.width, random, image.memory);
  }

 private:
  RandomStream stream(std::int64_t index) const {
    return synthetic_scene_stream(options_.seed, split_, index);
  }

  SyntheticSceneOptions options_;
  DatasetSplit split_;
  SyntheticClasses classes_;
  std::vector<std::vector<ObjectBox>> objects_;
  std::vector<std::string> warnings_;
};

}  // namespace

std::unique_ptr<DetectorDataset> open_synthetic_scenes(const SyntheticSceneOptions& options, DatasetSplit split) {
  return std::make_unique<SyntheticScenes>(options, split);
}

}  // namespace sleight

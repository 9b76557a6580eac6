#include "engine/data/synthetic/images.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/data/synthetic/paint.h"
#include "engine/value/random.h"

namespace sleight {

namespace {

// All random properties of an image except its noise. Lengths are in units of the shorter side.
struct Scene {
  Ground ground;
  TexturedShape shape;
  bool is_occluded;
  Stroke occluder;
  double noise;
};

Scene draw_scene(const SyntheticClasses& classes, std::int32_t label, double width, double height,
                 RandomStream& random) {
  Scene scene{};
  scene.ground = draw_ground(width, height, random);
  scene.shape = draw_textured_shape(classes, label, scene.ground, 0.26, 0.45, width, height, random);
  scene.is_occluded = random.uniform() < 0.3;
  scene.occluder = draw_bar(scene.shape, width, height, random);
  scene.noise = random.uniform(0.01, 0.07);
  return scene;
}

Color color_at(const Scene& scene, double x, double y, double width, double height, double pixel) {
  Color color = scene.ground.color_at(x, y, width, height, pixel);
  scene.shape.paint(color, x, y, pixel);
  if (scene.is_occluded) color = blend(color, scene.occluder.color, scene.occluder.coverage_at(x, y, pixel));
  return color;
}

class Synthetic : public Dataset {
 public:
  Synthetic(const SyntheticOptions& options, DatasetSplit split)
      : options_(options),
        split_(split),
        classes_(options.classes, 2),
        size_(split == DatasetSplit::training ? options.training_count : options.evaluation_count) {
    check(std::min(options.training_count, options.evaluation_count) > 0 &&
              std::max(options.training_count, options.evaluation_count) <= maximum_generated_images,
          "generated images: the counts must be 1 to ", maximum_generated_images, ", not ", options.training_count,
          " and ", options.evaluation_count, "; to train longer, take more epochs");
    check(options.height >= 8 && options.height <= 4096 && options.width >= 8 && options.width <= 4096,
          "generated images: a side must have 8 to 4096 pixels, not ", options.width, " x ", options.height);
  }

  std::int64_t size() const override { return size_; }
  const std::vector<std::string>& class_names() const override { return classes_.names(); }
  std::int32_t label(std::int64_t index) const override { return static_cast<std::int32_t>(index % options_.classes); }
  std::string name(std::int64_t index) const override {
    return std::string("generated image ") + (split_ == DatasetSplit::training ? "train/" : "val/") +
           std::to_string(index);
  }

  void read(std::int64_t index, StoredImage& image) const override {
    const std::int64_t height = options_.height;
    const std::int64_t width = options_.width;
    image.form = StoredImage::Form::pixels;
    image.height = height;
    image.width = width;
    image.memory.resize(static_cast<std::size_t>(height * width * 3));
    image.bytes = image.memory;

    RandomStream random(options_.seed, RandomPurpose::synthetic, static_cast<std::uint64_t>(split_),
                        static_cast<std::uint64_t>(index));
    const double pixel = 1.0 / static_cast<double>(std::min(height, width));
    const double scene_width = static_cast<double>(width) * pixel;
    const double scene_height = static_cast<double>(height) * pixel;
    const Scene scene = draw_scene(classes_, label(index), scene_width, scene_height, random);
    std::byte* output = image.memory.data();
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const Color color = color_at(scene, (static_cast<double>(x) + 0.5) * pixel,
                                     (static_cast<double>(y) + 0.5) * pixel, scene_width, scene_height, pixel);
        write_noisy_pixel(color, scene.noise, random, output);
        output += 3;
      }
    }
  }

  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  SyntheticOptions options_;
  DatasetSplit split_;
  SyntheticClasses classes_;
  std::int64_t size_;
  std::vector<std::string> warnings_;
};

}  // namespace

std::unique_ptr<Dataset> open_synthetic(const SyntheticOptions& options, DatasetSplit split) {
  return std::make_unique<Synthetic>(options, split);
}

}  // namespace sleight

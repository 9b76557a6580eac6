#include "engine/data/synthetic_scenes.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>

#include "engine/base/error.h"
#include "engine/data/synthetic_paint.h"
#include "engine/tensor/random.h"

namespace sleight {

namespace {

constexpr int maximum_tries = 30;
constexpr double smallest_radius = 0.07;
constexpr double largest_radius = 0.28;
constexpr double smallest_radius_in_pixels = 5.0;

// A place in the mask of a scene: which shape is seen at a pixel.
using Owner = std::int16_t;
constexpr Owner nobody = -1;
constexpr Owner bar_owner = -2;

struct SceneObject {
  TexturedShape shape;
  std::int32_t class_index = 0;
  std::int64_t whole_pixels = 0;  // also those outside the picture
  std::int64_t visible_pixels = 0;

  bool is_visible_enough_without(std::int64_t hidden) const {
    return static_cast<double>(visible_pixels - hidden) >= smallest_visible_share * static_cast<double>(whole_pixels);
  }
};

struct PixelRectangle {
  std::int64_t left, top, right, bottom;
};

// Calls take(x, y) for every pixel whose centre lies in the shape, also outside the picture. A square that lies far
// enough from the outline is decided as a whole: only squares at the outline are cut into four.
template <class Take>
void visit_shape(const TexturedShape& shape, double pixel, const PixelRectangle& square, Take& take) {
  const std::int64_t side = square.right - square.left;
  const double middle_x = 0.5 * static_cast<double>(square.left + square.right) * pixel;
  const double middle_y = 0.5 * static_cast<double>(square.top + square.bottom) * pixel;
  const double distance = shape.distance_at(middle_x, middle_y);
  // From the middle of the square to the centre of its farthest pixel, and a little for rounding.
  const double farthest = std::numbers::sqrt2 * 0.5 * static_cast<double>(side - 1) * pixel;
  const bool is_decided = side == 1 || std::abs(distance) > 1.001 * farthest * shape.steepness();
  if (is_decided) {
    if (distance >= 0.0) return;
    for (std::int64_t y = square.top; y < square.bottom; ++y)
      for (std::int64_t x = square.left; x < square.right; ++x)
        take(x, y);
    return;
  }
  const std::int64_t middle_column = square.left + side / 2;
  const std::int64_t middle_row = square.top + side / 2;
  visit_shape(shape, pixel, {square.left, square.top, middle_column, middle_row}, take);
  visit_shape(shape, pixel, {middle_column, square.top, square.right, middle_row}, take);
  visit_shape(shape, pixel, {square.left, middle_row, middle_column, square.bottom}, take);
  visit_shape(shape, pixel, {middle_column, middle_row, square.right, square.bottom}, take);
}

// The shapes of a scene, back to front, and who is seen where.
class Arrangement {
 public:
  Arrangement(std::int64_t height, std::int64_t width)
      : height_(height),
        width_(width),
        pixel_(1.0 / static_cast<double>(std::min(height, width))),
        owners_(static_cast<std::size_t>(height * width), nobody) {}

  double pixel() const { return pixel_; }
  double width() const { return static_cast<double>(width_) * pixel_; }
  double height() const { return static_cast<double>(height_) * pixel_; }
  const std::vector<SceneObject>& objects() const { return objects_; }

  // In front of all others, unless that would hide too much of one of them or of itself.
  bool place(const TexturedShape& shape, std::int32_t class_index) {
    start_covering();
    SceneObject object{shape, class_index};
    const auto take = [&](std::int64_t x, std::int64_t y) {
      ++object.whole_pixels;
      if (x >= 0 && y >= 0 && x < width_ && y < height_) cover(y * width_ + x);
    };
    visit_shape(shape, pixel_, square_around(shape), take);
    object.visible_pixels = static_cast<std::int64_t>(covered_.size());
    if (object.visible_pixels == 0 || !object.is_visible_enough_without(0)) return false;
    if (!keep_cover(static_cast<Owner>(objects_.size()))) return false;
    objects_.push_back(object);
    return true;
  }

  // The same for a bar.
  bool place_bar(const Stroke& bar) {
    start_covering();
    for (std::int64_t y = 0; y < height_; ++y)
      for (std::int64_t x = 0; x < width_; ++x)
        if (bar.coverage_at((static_cast<double>(x) + 0.5) * pixel_, (static_cast<double>(y) + 0.5) * pixel_, pixel_) >
            0.5)
          cover(y * width_ + x);
    return keep_cover(bar_owner);
  }

  std::vector<ObjectBox> boxes() const {
    std::vector<PixelRectangle> bounds(objects_.size(), {width_, height_, 0, 0});
    for (std::int64_t y = 0; y < height_; ++y) {
      for (std::int64_t x = 0; x < width_; ++x) {
        const Owner owner = owners_[static_cast<std::size_t>(y * width_ + x)];
        if (owner < 0) continue;
        PixelRectangle& bound = bounds[static_cast<std::size_t>(owner)];
        bound.left = std::min(bound.left, x);
        bound.top = std::min(bound.top, y);
        bound.right = std::max(bound.right, x + 1);
        bound.bottom = std::max(bound.bottom, y + 1);
      }
    }
    std::vector<ObjectBox> boxes(objects_.size());
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      boxes[i].box = {static_cast<double>(bounds[i].left), static_cast<double>(bounds[i].top),
                      static_cast<double>(bounds[i].right), static_cast<double>(bounds[i].bottom)};
      boxes[i].class_index = objects_[i].class_index;
    }
    return boxes;
  }

 private:
  // A square with a power of two as side, so that it can be halved down to single pixels.
  PixelRectangle square_around(const TexturedShape& shape) const {
    const auto left = static_cast<std::int64_t>(std::floor((shape.centre_x - shape.reach()) / pixel_));
    const auto top = static_cast<std::int64_t>(std::floor((shape.centre_y - shape.reach()) / pixel_));
    std::int64_t side = 1;
    while (static_cast<double>(side) * pixel_ < 2.0 * shape.reach() + 2.0 * pixel_)
      side *= 2;
    return {left, top, left + side, top + side};
  }

  void start_covering() {
    covered_.clear();
    hidden_.assign(objects_.size(), 0);
  }

  void cover(std::int64_t place) {
    const auto position = static_cast<std::size_t>(place);
    covered_.push_back(position);
    if (const Owner owner = owners_[position]; owner >= 0) ++hidden_[static_cast<std::size_t>(owner)];
  }

  // Gives the covered pixels to their new owner unless somebody would lose too many.
  bool keep_cover(Owner owner) {
    for (std::size_t i = 0; i < objects_.size(); ++i)
      if (!objects_[i].is_visible_enough_without(hidden_[i])) return false;
    for (std::size_t i = 0; i < objects_.size(); ++i)
      objects_[i].visible_pixels -= hidden_[i];
    for (const std::size_t position : covered_)
      owners_[position] = owner;
    return true;
  }

  std::int64_t height_, width_;
  double pixel_;
  std::vector<Owner> owners_;
  std::vector<SceneObject> objects_;
  std::vector<std::size_t> covered_;
  std::vector<std::int64_t> hidden_;
};

struct Scene {
  Ground ground;
  Arrangement arrangement;
  std::optional<Stroke> bar;
  double noise = 0.0;
};

Scene draw_scene(const SyntheticSceneOptions& options, const SyntheticClasses& classes, RandomStream& random) {
  Scene scene{{}, Arrangement(options.height, options.width), {}, 0.0};
  Arrangement& arrangement = scene.arrangement;
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
      // The square of a uniform number: small shapes are more frequent, as small objects are in photographs.
      const double share = random.uniform();
      const double radius = smallest + share * share * (largest_radius - smallest);
      const TexturedShape shape =
          draw_textured_shape(classes, label, scene.ground, radius, radius, width, height, random);
      if (arrangement.place(shape, label)) break;
    }
  }
  if (!arrangement.objects().empty() && random.uniform() < 0.3) {
    const auto target = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(arrangement.objects().size())));
    const Stroke bar = draw_bar(arrangement.objects()[target].shape, width, height, random);
    if (arrangement.place_bar(bar)) scene.bar = bar;
  }
  return scene;
}

class SyntheticScenes : public DetectionDataset {
 public:
  SyntheticScenes(const SyntheticSceneOptions& options, DatasetSplit split)
      : options_(options), split_(split), classes_(options.classes, 1) {
    check(options.training_count > 0 && options.evaluation_count > 0,
          "generated scenes: the counts must be positive, not ", options.training_count, " and ",
          options.evaluation_count);
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
      objects_[static_cast<std::size_t>(i)] = draw_scene(options_, classes_, random).arrangement.boxes();
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

  void read(std::int64_t index, StoredPicture& picture) const override {
    picture.form = StoredPicture::Form::pixels;
    picture.height = options_.height;
    picture.width = options_.width;
    picture.memory.resize(static_cast<std::size_t>(options_.height * options_.width * 3));
    picture.bytes = picture.memory;

    RandomStream random = stream(index);
    const Scene scene = draw_scene(options_, classes_, random);
    const double pixel = scene.arrangement.pixel();
    std::byte* output = picture.memory.data();
    for (std::int64_t row = 0; row < options_.height; ++row) {
      for (std::int64_t column = 0; column < options_.width; ++column) {
        const double x = (static_cast<double>(column) + 0.5) * pixel;
        const double y = (static_cast<double>(row) + 0.5) * pixel;
        Colour colour = scene.ground.colour_at(x, y, scene.arrangement.width(), scene.arrangement.height(), pixel);
        for (const SceneObject& object : scene.arrangement.objects())
          object.shape.paint(colour, x, y, pixel);
        if (scene.bar) colour = blend(colour, scene.bar->colour, scene.bar->coverage_at(x, y, pixel));
        write_noisy_pixel(colour, scene.noise, random, output);
        output += 3;
      }
    }
  }

 private:
  // Apart from the streams of open_synthetic's pictures, which are numbered by the split alone.
  RandomStream stream(std::int64_t index) const {
    constexpr std::uint64_t first_stream = 2;
    return {options_.seed, RandomPurpose::synthetic, first_stream + static_cast<std::uint64_t>(split_),
            static_cast<std::uint64_t>(index)};
  }

  SyntheticSceneOptions options_;
  DatasetSplit split_;
  SyntheticClasses classes_;
  std::vector<std::vector<ObjectBox>> objects_;
  std::vector<std::string> warnings_;
};

}  // namespace

std::unique_ptr<DetectionDataset> open_synthetic_scenes(const SyntheticSceneOptions& options, DatasetSplit split) {
  return std::make_unique<SyntheticScenes>(options, split);
}

}  // namespace sleight

#include "engine/data/synthetic.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "engine/base/error.h"
#include "engine/data/synthetic_shape.h"
#include "engine/tensor/random.h"

namespace sleight {

namespace {

constexpr int maximum_classes = 50;
constexpr std::size_t maximum_clutter = 6;
constexpr int lattice_side = 7;

using Colour = std::array<double, 3>;  // 0 .. 1

Colour draw_colour(RandomStream& random) {
  return {random.uniform(0.05, 0.95), random.uniform(0.05, 0.95), random.uniform(0.05, 0.95)};
}

double distance_between(const Colour& a, const Colour& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

Colour blend(const Colour& a, const Colour& b, double share_of_b) {
  Colour result{};
  for (std::size_t channel = 0; channel < 3; ++channel)
    result[channel] = a[channel] + share_of_b * (b[channel] - a[channel]);
  return result;
}

// How much of a pixel lies inside an outline at this distance, for pixels of this size.
double coverage(double distance, double pixel) {
  return std::clamp(0.5 - distance / pixel, 0.0, 1.0);
}

// A line from (x0, y0) to (x1, y1) with round ends; a blot when it is short and thick.
struct Stroke {
  double x0, y0, x1, y1, radius, opacity;
  Colour colour;

  // How much of the pixel at (x, y) it covers. Most pixels are far away and need no root.
  double coverage_at(double x, double y, double pixel) const {
    const double dx = x1 - x0;
    const double dy = y1 - y0;
    const double along = std::clamp(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0.0, 1.0);
    const double gap_x = x - x0 - along * dx;
    const double gap_y = y - y0 - along * dy;
    const double square = gap_x * gap_x + gap_y * gap_y;
    const double reach = radius + pixel;
    return square >= reach * reach ? 0.0 : coverage(std::sqrt(square) - radius, pixel);
  }
};

enum class Texture { solid, striped, checked, dotted, shaded };
constexpr std::array<const char*, 5> texture_names = {"solid", "striped", "checked", "dotted", "shaded"};

// Everything random about a picture but its noise. Lengths are in units of the shorter side.
struct Scene {
  std::array<Colour, 2> ground;
  std::array<double, lattice_side * lattice_side> lattice;
  std::array<Stroke, maximum_clutter> clutter;
  std::size_t clutter_count;
  int shape;
  Texture texture;
  std::array<Colour, 2> shape_colours;
  double centre_x, centre_y, radius, cosine, sine, squeeze;
  double texture_frequency, texture_phase;
  bool is_occluded;
  Stroke occluder;
  double noise;
};

Stroke draw_stroke(double width, double height, RandomStream& random) {
  const bool is_blot = random.uniform() < 0.3;
  const double x = random.uniform(0.0, width);
  const double y = random.uniform(0.0, height);
  const double angle = random.uniform(0.0, 2.0 * std::numbers::pi);
  const double length = is_blot ? random.uniform(0.02, 0.08) : random.uniform(0.2, 0.9);
  const double radius = is_blot ? random.uniform(0.03, 0.08) : random.uniform(0.006, 0.03);
  return {x,
          y,
          x + length * std::cos(angle),
          y + length * std::sin(angle),
          radius,
          random.uniform(0.4, 1.0),
          draw_colour(random)};
}

Scene draw_scene(int class_number, int classes, double width, double height, RandomStream& random) {
  Scene scene{};
  const Colour ground = draw_colour(random);
  scene.ground = {ground, blend(ground, draw_colour(random), 0.35)};
  for (double& value : scene.lattice)
    value = random.uniform();
  scene.clutter_count = 2 + static_cast<std::size_t>(random.below(static_cast<std::int64_t>(maximum_clutter) - 1));
  for (std::size_t i = 0; i < scene.clutter_count; ++i)
    scene.clutter[i] = draw_stroke(width, height, random);

  const int shapes = static_cast<int>(synthetic_shape_names.size());
  scene.shape = class_number % shapes;
  const std::int64_t drawn_texture = random.below(static_cast<std::int64_t>(texture_names.size()));
  scene.texture = static_cast<Texture>(classes <= shapes ? drawn_texture : class_number / shapes);
  // A shape in the colour of its ground could not be told by anyone.
  const Colour mean_ground = blend(scene.ground[0], scene.ground[1], 0.5);
  for (int attempt = 0; attempt < 20; ++attempt) {
    const Colour colour = draw_colour(random);
    scene.shape_colours = {colour, blend(colour, draw_colour(random), 0.6)};
    if (distance_between(scene.shape_colours[0], mean_ground) > 0.5 &&
        distance_between(scene.shape_colours[1], mean_ground) > 0.3)
      break;
  }
  scene.radius = random.uniform(0.26, 0.45);
  scene.centre_x = random.uniform(0.75 * scene.radius, width - 0.75 * scene.radius);
  scene.centre_y = random.uniform(0.75 * scene.radius, height - 0.75 * scene.radius);
  const double angle = random.uniform(-0.4, 0.4);
  scene.cosine = std::cos(angle);
  scene.sine = std::sin(angle);
  scene.squeeze = random.uniform(0.75, 1.0);
  scene.texture_frequency = random.uniform(2.0, 4.5);
  scene.texture_phase = random.uniform();
  scene.is_occluded = random.uniform() < 0.3;
  scene.occluder = draw_stroke(width, height, random);
  const double bar_angle = random.uniform(0.0, 2.0 * std::numbers::pi);
  const double offset = scene.radius * random.uniform(-0.7, 0.7);
  const double bar_x = scene.centre_x - offset * std::sin(bar_angle);
  const double bar_y = scene.centre_y + offset * std::cos(bar_angle);
  scene.occluder.x0 = bar_x - std::cos(bar_angle);
  scene.occluder.y0 = bar_y - std::sin(bar_angle);
  scene.occluder.x1 = bar_x + std::cos(bar_angle);
  scene.occluder.y1 = bar_y + std::sin(bar_angle);
  scene.occluder.radius = scene.radius * random.uniform(0.1, 0.25);
  scene.occluder.opacity = 1.0;
  scene.noise = random.uniform(0.01, 0.07);
  return scene;
}

// Random values at the points of a lattice, smoothly interpolated; (x, y) in 0 .. 1 over the picture.
double smooth_noise(const Scene& scene, double x, double y) {
  const double column = x * (lattice_side - 1);
  const double row = y * (lattice_side - 1);
  const int column_index = std::min(static_cast<int>(column), lattice_side - 2);
  const int row_index = std::min(static_cast<int>(row), lattice_side - 2);
  const auto smooth = [](double t) { return t * t * (3.0 - 2.0 * t); };
  const double right = smooth(column - column_index);
  const double below = smooth(row - row_index);
  const auto value = [&](int dy, int dx) {
    return scene.lattice[static_cast<std::size_t>((row_index + dy) * lattice_side + column_index + dx)];
  };
  return (1.0 - below) * ((1.0 - right) * value(0, 0) + right * value(0, 1)) +
         below * ((1.0 - right) * value(1, 0) + right * value(1, 1));
}

// Share of the second colour at a place inside the shape, in its own coordinates (-1 .. 1).
double texture_value(const Scene& scene, double x, double y) {
  const double u = x * scene.texture_frequency + scene.texture_phase;
  const double v = y * scene.texture_frequency + scene.texture_phase;
  const double u_part = u - std::floor(u);
  const double v_part = v - std::floor(v);
  switch (scene.texture) {
    case Texture::solid:
      return 0.0;
    case Texture::striped:
      return u_part < 0.5 ? 0.0 : 1.0;
    case Texture::checked:
      return (u_part < 0.5) == (v_part < 0.5) ? 0.0 : 1.0;
    case Texture::dotted:
      return std::hypot(u_part - 0.5, v_part - 0.5) < 0.3 ? 1.0 : 0.0;
    case Texture::shaded:
      return std::clamp(0.5 + 0.5 * x, 0.0, 1.0);
  }
  return 0.0;
}

Colour colour_at(const Scene& scene, double x, double y, double width, double height, double pixel) {
  Colour colour = blend(scene.ground[0], scene.ground[1], smooth_noise(scene, x / width, y / height));
  for (std::size_t i = 0; i < scene.clutter_count; ++i) {
    const Stroke& stroke = scene.clutter[i];
    if (const double share = stroke.coverage_at(x, y, pixel); share > 0.0)
      colour = blend(colour, stroke.colour, stroke.opacity * share);
  }
  const double dx = (x - scene.centre_x) / scene.radius;
  const double dy = (y - scene.centre_y) / scene.radius;
  if (dx * dx + dy * dy < 1.5 * 1.5) {
    const double shape_x = dx * scene.cosine + dy * scene.sine;
    const double shape_y = (dy * scene.cosine - dx * scene.sine) / scene.squeeze;
    const double distance = synthetic_shape_distance(scene.shape, shape_x, shape_y) * scene.radius * scene.squeeze;
    if (const double share = coverage(distance, pixel); share > 0.0) {
      const double second = texture_value(scene, shape_x, shape_y);
      colour = blend(colour, blend(scene.shape_colours[0], scene.shape_colours[1], second), share);
    }
  }
  if (scene.is_occluded) colour = blend(colour, scene.occluder.colour, scene.occluder.coverage_at(x, y, pixel));
  return colour;
}

class Synthetic : public Dataset {
 public:
  Synthetic(const SyntheticOptions& options, DatasetSplit split)
      : options_(options),
        split_(split),
        size_(split == DatasetSplit::training ? options.training_count : options.evaluation_count) {
    check(options.training_count > 0 && options.evaluation_count > 0,
          "generated pictures: the counts must be positive, not ", options.training_count, " and ",
          options.evaluation_count);
    check(options.height >= 8 && options.height <= 4096 && options.width >= 8 && options.width <= 4096,
          "generated pictures: a side must have 8 to 4096 pixels, not ", options.width, " x ", options.height);
    check(options.classes >= 2 && options.classes <= maximum_classes, "generated pictures: there are 2 to ",
          maximum_classes, " classes, not ", options.classes);
    const std::size_t shapes = synthetic_shape_names.size();
    for (std::size_t i = 0; i < static_cast<std::size_t>(options.classes); ++i) {
      const std::string shape(synthetic_shape_names[i % shapes]);
      class_names_.push_back(options.classes <= static_cast<int>(shapes) ? shape
                                                                         : shape + "_" + texture_names[i / shapes]);
    }
    // Labels are positions in the sorted list, as in every other dataset.
    class_of_label_.resize(class_names_.size());
    std::iota(class_of_label_.begin(), class_of_label_.end(), 0);
    std::sort(class_of_label_.begin(), class_of_label_.end(), [this](int a, int b) {
      return class_names_[static_cast<std::size_t>(a)] < class_names_[static_cast<std::size_t>(b)];
    });
    std::sort(class_names_.begin(), class_names_.end());
  }

  std::int64_t size() const override { return size_; }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  std::int32_t label(std::int64_t index) const override { return static_cast<std::int32_t>(index % options_.classes); }
  std::string name(std::int64_t index) const override {
    return std::string("generated picture ") + (split_ == DatasetSplit::training ? "train/" : "val/") +
           std::to_string(index);
  }

  void read(std::int64_t index, StoredPicture& picture) const override {
    const std::int64_t height = options_.height;
    const std::int64_t width = options_.width;
    picture.form = StoredPicture::Form::pixels;
    picture.height = height;
    picture.width = width;
    picture.memory.resize(static_cast<std::size_t>(height * width * 3));
    picture.bytes = picture.memory;

    RandomStream random(options_.seed, RandomPurpose::synthetic, static_cast<std::uint64_t>(split_),
                        static_cast<std::uint64_t>(index));
    const double pixel = 1.0 / static_cast<double>(std::min(height, width));
    const double scene_width = static_cast<double>(width) * pixel;
    const double scene_height = static_cast<double>(height) * pixel;
    const Scene scene = draw_scene(class_of_label_[static_cast<std::size_t>(label(index))], options_.classes,
                                   scene_width, scene_height, random);
    std::byte* output = picture.memory.data();
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const Colour colour = colour_at(scene, (static_cast<double>(x) + 0.5) * pixel,
                                        (static_cast<double>(y) + 0.5) * pixel, scene_width, scene_height, pixel);
        std::uint32_t bits = random.bits();
        for (std::size_t channel = 0; channel < 3; ++channel, bits >>= 10U) {
          const double noise = (static_cast<double>(bits & 1023U) / 511.5 - 1.0) * scene.noise;
          const double value = std::clamp(colour[channel] + noise, 0.0, 1.0);
          *output++ = static_cast<std::byte>(static_cast<int>(value * 255.0 + 0.5));
        }
      }
    }
  }

  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  SyntheticOptions options_;
  DatasetSplit split_;
  std::int64_t size_;
  std::vector<std::string> class_names_;
  std::vector<int> class_of_label_;
  std::vector<std::string> warnings_;
};

}  // namespace

std::unique_ptr<Dataset> open_synthetic(const SyntheticOptions& options, DatasetSplit split) {
  return std::make_unique<Synthetic>(options, split);
}

}  // namespace sleight

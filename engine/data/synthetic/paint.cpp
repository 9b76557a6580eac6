#include "engine/data/synthetic/paint.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "engine/base/error.h"
#include "engine/data/synthetic/shape.h"

namespace sleight {

namespace {

constexpr int maximum_classes = 50;

double distance_between(const Color& a, const Color& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

// The share of a pixel of this size inside an outline at this distance.
double coverage(double distance, double pixel) {
  return std::clamp(0.5 - distance / pixel, 0.0, 1.0);
}

// Random values at the points of a lattice, smoothly interpolated; (x, y) in 0 .. 1 over the image.
double smooth_noise(const Ground& ground, double x, double y) {
  constexpr int side = Ground::lattice_side;
  const double column = x * (side - 1);
  const double row = y * (side - 1);
  const int column_index = std::min(static_cast<int>(column), side - 2);
  const int row_index = std::min(static_cast<int>(row), side - 2);
  const auto smooth = [](double t) { return t * t * (3.0 - 2.0 * t); };
  const double right = smooth(column - column_index);
  const double below = smooth(row - row_index);
  const auto value = [&](int dy, int dx) { return ground.lattice[(row_index + dy) * side + column_index + dx]; };
  return (1.0 - below) * ((1.0 - right) * value(0, 0) + right * value(0, 1)) +
         below * ((1.0 - right) * value(1, 0) + right * value(1, 1));
}

// The share of the second color at a place inside the shape, in its own coordinates (-1 .. 1).
double texture_value(const TexturedShape& shape, double x, double y) {
  const double u = x * shape.texture_frequency + shape.texture_phase;
  const double v = y * shape.texture_frequency + shape.texture_phase;
  const double u_part = u - std::floor(u);
  const double v_part = v - std::floor(v);
  switch (shape.texture) {
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

// Converts a place to the shape's own coordinates.
struct ShapePoint {
  double x, y;
};

ShapePoint to_shape(const TexturedShape& shape, double dx, double dy) {
  return {dx * shape.cosine + dy * shape.sine, (dy * shape.cosine - dx * shape.sine) / shape.squeeze};
}

}  // namespace

Color draw_color(RandomStream& random) {
  return {random.uniform(0.05, 0.95), random.uniform(0.05, 0.95), random.uniform(0.05, 0.95)};
}

Color blend(const Color& a, const Color& b, double share_of_b) {
  Color result{};
  for (std::size_t channel = 0; channel < 3; ++channel)
    result[channel] = a[channel] + share_of_b * (b[channel] - a[channel]);
  return result;
}

// Most pixels are far away and need no square root.
double Stroke::coverage_at(double x, double y, double pixel) const {
  const double dx = x1 - x0;
  const double dy = y1 - y0;
  const double along = std::clamp(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy), 0.0, 1.0);
  const double gap_x = x - x0 - along * dx;
  const double gap_y = y - y0 - along * dy;
  const double square = gap_x * gap_x + gap_y * gap_y;
  const double reach = radius + pixel;
  return square >= reach * reach ? 0.0 : coverage(std::sqrt(square) - radius, pixel);
}

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
          draw_color(random)};
}

Ground draw_ground(double width, double height, RandomStream& random) {
  Ground ground{};
  const Color first = draw_color(random);
  ground.colors = {first, blend(first, draw_color(random), 0.35)};
  for (double& value : ground.lattice)
    value = random.uniform();
  ground.clutter_count = 2 + static_cast<std::size_t>(random.below(std::int64_t{Ground::maximum_clutter} - 1));
  for (std::size_t i = 0; i < ground.clutter_count; ++i)
    ground.clutter[i] = draw_stroke(width, height, random);
  return ground;
}

Color Ground::color_at(double x, double y, double width, double height, double pixel) const {
  Color color = blend(colors[0], colors[1], smooth_noise(*this, x / width, y / height));
  for (std::size_t i = 0; i < clutter_count; ++i) {
    const Stroke& stroke = clutter[i];
    if (const double share = stroke.coverage_at(x, y, pixel); share > 0.0)
      color = blend(color, stroke.color, stroke.opacity * share);
  }
  return color;
}

SyntheticClasses::SyntheticClasses(int count, int minimum) {
  check(count >= minimum && count <= maximum_classes, "generated images: there are ", minimum, " to ", maximum_classes,
        " classes, not ", count);
  const std::size_t shapes = synthetic_shape_names.size();
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const std::string shape(synthetic_shape_names[i % shapes]);
    names_.push_back(count <= static_cast<int>(shapes) ? shape : shape + "_" + texture_names[i / shapes]);
  }
  class_of_label_.resize(names_.size());
  std::iota(class_of_label_.begin(), class_of_label_.end(), 0);
  std::sort(class_of_label_.begin(), class_of_label_.end(), [this](int a, int b) { return names_[a] < names_[b]; });
  std::sort(names_.begin(), names_.end());
}

int SyntheticClasses::shape_of(std::int32_t label) const {
  return class_of_label_.at(static_cast<std::size_t>(label)) % static_cast<int>(synthetic_shape_names.size());
}

Texture SyntheticClasses::texture_of(std::int32_t label, Texture drawn) const {
  const int shapes = static_cast<int>(synthetic_shape_names.size());
  if (static_cast<int>(names_.size()) <= shapes) return drawn;
  return static_cast<Texture>(class_of_label_.at(static_cast<std::size_t>(label)) / shapes);
}

TexturedShape draw_textured_shape(const SyntheticClasses& classes, std::int32_t label, const Ground& ground,
                                  double smallest, double largest, double width, double height, RandomStream& random) {
  TexturedShape shape;
  shape.shape = classes.shape_of(label);
  const auto drawn = static_cast<Texture>(random.below(static_cast<std::int64_t>(texture_names.size())));
  shape.texture = classes.texture_of(label, drawn);
  // A shape in the color of its ground would be invisible.
  const Color mean_ground = blend(ground.colors[0], ground.colors[1], 0.5);
  for (int attempt = 0; attempt < 20; ++attempt) {
    const Color color = draw_color(random);
    shape.colors = {color, blend(color, draw_color(random), 0.6)};
    if (distance_between(shape.colors[0], mean_ground) > 0.5 && distance_between(shape.colors[1], mean_ground) > 0.3)
      break;
  }
  shape.radius = random.uniform(smallest, largest);
  shape.center_x = random.uniform(0.75 * shape.radius, width - 0.75 * shape.radius);
  shape.center_y = random.uniform(0.75 * shape.radius, height - 0.75 * shape.radius);
  const double angle = random.uniform(-0.4, 0.4);
  shape.cosine = std::cos(angle);
  shape.sine = std::sin(angle);
  shape.squeeze = random.uniform(0.75, 1.0);
  shape.texture_frequency = random.uniform(2.0, 4.5);
  shape.texture_phase = random.uniform();
  return shape;
}

double TexturedShape::distance_at(double x, double y) const {
  const ShapePoint point = to_shape(*this, (x - center_x) / radius, (y - center_y) / radius);
  return synthetic_shape_distance(shape, point.x, point.y);
}

void TexturedShape::paint(Color& color, double x, double y, double pixel) const {
  const double dx = (x - center_x) / radius;
  const double dy = (y - center_y) / radius;
  if (dx * dx + dy * dy >= 1.5 * 1.5) return;
  const ShapePoint point = to_shape(*this, dx, dy);
  const double distance = synthetic_shape_distance(shape, point.x, point.y) * radius * squeeze;
  if (const double share = coverage(distance, pixel); share > 0.0)
    color = blend(color, blend(colors[0], colors[1], texture_value(*this, point.x, point.y)), share);
}

Stroke draw_bar(const TexturedShape& shape, double width, double height, RandomStream& random) {
  Stroke bar = draw_stroke(width, height, random);
  const double angle = random.uniform(0.0, 2.0 * std::numbers::pi);
  const double offset = shape.radius * random.uniform(-0.7, 0.7);
  const double x = shape.center_x - offset * std::sin(angle);
  const double y = shape.center_y + offset * std::cos(angle);
  bar.x0 = x - std::cos(angle);
  bar.y0 = y - std::sin(angle);
  bar.x1 = x + std::cos(angle);
  bar.y1 = y + std::sin(angle);
  bar.radius = shape.radius * random.uniform(0.1, 0.25);
  bar.opacity = 1.0;
  return bar;
}

void write_noisy_pixel(const Color& color, double noise, RandomStream& random, std::byte* output) {
  std::uint32_t bits = random.bits();
  for (std::size_t channel = 0; channel < 3; ++channel, bits >>= 10U) {
    const double shift = (static_cast<double>(bits & 1023U) / 511.5 - 1.0) * noise;
    const double value = std::clamp(color[channel] + shift, 0.0, 1.0);
    output[channel] = static_cast<std::byte>(static_cast<int>(value * 255.0 + 0.5));
  }
}

}  // namespace sleight

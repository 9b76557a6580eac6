// The parts of generated images: colors, strokes, a cluttered ground and textured shapes. Lengths are in units of the
// image's shorter side, so that the same draws give the same image at any resolution.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/value/random.h"

namespace sleight {

using Color = std::array<double, 3>;  // red, green, blue in 0 .. 1

Color draw_color(RandomStream& random);
Color blend(const Color& a, const Color& b, double share_of_b);

// A line from (x0, y0) to (x1, y1) with round ends; a blot when it is short and thick.
struct Stroke {
  double x0, y0, x1, y1, radius, opacity;
  Color color;

  // The share of the pixel (a square of this side) at (x, y) that it covers, 0 .. 1.
  double coverage_at(double x, double y, double pixel) const;
};

Stroke draw_stroke(double width, double height, RandomStream& random);

// Smooth noise between two colors, covered with lines, streaks and blots.
struct Ground {
  static constexpr int lattice_side = 7;
  static constexpr std::size_t maximum_clutter = 6;

  std::array<Color, 2> colors;
  std::array<double, lattice_side * lattice_side> lattice;
  std::array<Stroke, maximum_clutter> clutter;
  std::size_t clutter_count = 0;

  // At a place of an image of width x height.
  Color color_at(double x, double y, double width, double height, double pixel) const;
};

Ground draw_ground(double width, double height, RandomStream& random);

enum class Texture : std::uint8_t { solid, striped, checked, dotted, shaded };
inline constexpr std::array<const char*, 5> texture_names = {"solid", "striped", "checked", "dotted", "shaded"};

// The classes of generated images: the shapes for up to 10 classes; beyond that, class k is shape k % 10 with texture k
// / 10. Labels are positions in the sorted list of names, as in every other dataset.
class SyntheticClasses {
 public:
  // Throws Error unless count is minimum .. 50.
  SyntheticClasses(int count, int minimum);

  const std::vector<std::string>& names() const { return names_; }
  int shape_of(std::int32_t label) const;
  // The texture of the class, or `drawn` if the class has none.
  Texture texture_of(std::int32_t label, Texture drawn) const;

 private:
  std::vector<std::string> names_;
  std::vector<int> class_of_label_;
};

// One of the shapes, rotated and squeezed, in two colors.
struct TexturedShape {
  int shape = 0;
  Texture texture = Texture::solid;
  std::array<Color, 2> colors{};
  double center_x = 0.0, center_y = 0.0;
  double radius = 0.0;
  double cosine = 1.0, sine = 0.0, squeeze = 1.0;
  double texture_frequency = 1.0, texture_phase = 0.0;

  // The whole shape lies within this distance of the center, in both directions.
  double reach() const { return 1.5 * radius; }
  // The distance from the outline in radii, negative inside. It changes by at most `steepness() * step` over a step.
  double distance_at(double x, double y) const;
  double steepness() const { return 1.0 / (radius * squeeze); }
  // Paints the covered share of the pixel at (x, y) over `color`.
  void paint(Color& color, double x, double y, double pixel) const;
};

// A shape of a random radius in [smallest, largest), with its center at least three quarters of the radius inside width
// x height, in colors that differ visibly from the ground's.
TexturedShape draw_textured_shape(const SyntheticClasses& classes, std::int32_t label, const Ground& ground,
                                  double smallest, double largest, double width, double height, RandomStream& random);

// A bar across the shape, near its middle.
Stroke draw_bar(const TexturedShape& shape, double width, double height, RandomStream& random);

// One pixel's red, green and blue bytes, with camera noise of this strength.
void write_noisy_pixel(const Color& color, double noise, RandomStream& random, std::byte* output);

}  // namespace sleight

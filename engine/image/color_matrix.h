// Color changes that are linear in (red, green, blue).
#pragma once

#include <array>

namespace sleight {

using ColorMatrix = std::array<std::array<double, 3>, 3>;

// ITU-R BT.601 luma: the gray of "contrast" and "saturation", as in Pillow, MXNet and GluonCV.
inline constexpr std::array<double, 3> luma = {0.299, 0.587, 0.114};

ColorMatrix multiply(const ColorMatrix& a, const ColorMatrix& b);

// factor * x + (1 - factor) * gray(x), for every channel.
ColorMatrix saturation_matrix(double factor);

// Rotates the color by this angle in YIQ space; grays do not change.
ColorMatrix hue_matrix(double radians);

// matrix * (red, green, blue) + offset, in gray levels.
struct ColorMap {
  ColorMatrix matrix{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  std::array<double, 3> offset{};

  bool operator==(const ColorMap&) const = default;
};

}  // namespace sleight

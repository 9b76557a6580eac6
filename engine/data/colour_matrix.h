// Colour changes that are linear in (red, green, blue).
#pragma once

#include <array>

namespace sleight {

using ColourMatrix = std::array<std::array<double, 3>, 3>;

// ITU-R BT.601 luma: the grey of "contrast" and "saturation", as in Pillow, MXNet and GluonCV.
inline constexpr std::array<double, 3> luma = {0.299, 0.587, 0.114};

ColourMatrix multiply(const ColourMatrix& a, const ColourMatrix& b);

// factor * x + (1 - factor) * grey(x), for every channel.
ColourMatrix saturation_matrix(double factor);

// Turns the colour by this angle in YIQ space; greys stay as they are.
ColourMatrix hue_matrix(double radians);

// matrix * (red, green, blue) + offset, in grey levels.
struct ColourMap {
  ColourMatrix matrix{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  std::array<double, 3> offset{};

  bool operator==(const ColourMap&) const = default;
};

}  // namespace sleight

#include "engine/report/class_color.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace sleight {

namespace {

struct OkLab {
  double lightness, a, b;
};

double linear(std::uint8_t value) {
  const double share = value / 255.0;
  return share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
}

// Björn Ottosson, "A perceptual color space for image processing" (2020).
OkLab ok_lab(Color color) {
  const double red = linear(color.red), green = linear(color.green), blue = linear(color.blue);
  const double l = std::cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const double m = std::cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const double s = std::cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

double squared_distance(const OkLab& x, const OkLab& y) {
  const double lightness = x.lightness - y.lightness, a = x.a - y.a, b = x.b - y.b;
  return lightness * lightness + a * a + b * b;
}

struct Candidate {
  Color color;
  OkLab place;
  double distance = std::numeric_limits<double>::infinity();  // squared, to the nearest color chosen
};

std::vector<Candidate> candidates() {
  std::vector<Candidate> found;
  for (int red = 0; red <= 255; red += 15) {
    for (int green = 0; green <= 255; green += 15) {
      for (int blue = 0; blue <= 255; blue += 15) {
        const Color color{static_cast<std::uint8_t>(red), static_cast<std::uint8_t>(green),
                          static_cast<std::uint8_t>(blue)};
        const OkLab place = ok_lab(color);
        if (place.lightness >= 0.5 && place.lightness <= 0.87 && std::hypot(place.a, place.b) >= 0.07)
          found.push_back({color, place});
      }
    }
  }
  return found;
}

std::vector<Color> distant_colors() {
  std::vector<Color> colors = {{230, 25, 75},  {60, 180, 75},  {255, 200, 25}, {0, 110, 230},
                               {245, 130, 48}, {145, 30, 180}, {70, 220, 230}, {240, 50, 230}};
  std::vector<Candidate> left = candidates();
  const auto keep_away_from = [&left](Color color) {
    const OkLab place = ok_lab(color);
    for (Candidate& candidate : left)
      candidate.distance = std::min(candidate.distance, squared_distance(candidate.place, place));
  };
  std::ranges::for_each(colors, keep_away_from);
  while (colors.size() < static_cast<std::size_t>(class_colors)) {
    colors.push_back(std::ranges::max_element(left, {}, &Candidate::distance)->color);
    keep_away_from(colors.back());
  }
  return colors;
}

}  // namespace

Color class_color(std::int32_t class_index) {
  static const std::vector<Color> colors = distant_colors();
  return colors[static_cast<std::uint32_t>(class_index) % colors.size()];
}

Color text_color_on(Color color) {
  const double gray = 0.299 * color.red + 0.587 * color.green + 0.114 * color.blue;
  return gray > 140.0 ? Color{0, 0, 0} : Color{255, 255, 255};
}

}  // namespace sleight

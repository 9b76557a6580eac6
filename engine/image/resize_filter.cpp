#include "engine/image/resize_filter.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace sleight {

namespace {

// Half width of the filters that are functions of the distance, in the larger of source and output pixels.
double lobes(ResizeFilter filter) {
  return filter == ResizeFilter::bilinear ? 1.0 : filter == ResizeFilter::bicubic ? 2.0 : 3.0;
}

double bicubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  return x < 2.0 ? a * (((x - 5.0) * x + 8.0) * x - 4.0) : 0.0;
}

double lanczos(double x) {
  if (std::abs(x) < 1e-9) return 1.0;
  if (std::abs(x) >= 3.0) return 0.0;
  // sinc(x) sinc(x / 3) with sin(3 t) = 3 sin(t) - 4 sin(t)^3: one sine for two.
  const double third = std::numbers::pi * x / 3.0;
  const double sine = std::sin(third);
  return (3.0 - 4.0 * sine * sine) * sine * sine / (3.0 * third * third);
}

}  // namespace

const char* name_of(ResizeFilter filter) {
  constexpr const char* names[resize_filter_count] = {"nearest", "bilinear", "bicubic", "area", "lanczos"};
  return names[static_cast<std::size_t>(filter)];
}

void ResizeTaps::prepare(ResizeFilter filter, double begin, double extent, std::int64_t source_size,
                         std::int64_t output_size) {
  const std::size_t positions = static_cast<std::size_t>(output_size);
  first.resize(positions);
  weight_offset.resize(positions + 1);
  coverage.resize(positions);
  weights.clear();
  const double scale = extent / static_cast<double>(output_size);
  const double stretch = std::max(scale, 1.0);
  // Box edges that should be whole may be off by 1e-13 after the multiplication by a scale.
  const double tolerance = 1e-6;
  const std::int64_t lowest = static_cast<std::int64_t>(std::floor(begin + tolerance));
  const std::int64_t highest = std::max(lowest, static_cast<std::int64_t>(std::ceil(begin + extent - tolerance)) - 1);
  const auto position = [&](double edge) {
    return std::clamp(static_cast<std::int64_t>(std::floor(edge)), lowest, highest);
  };
  for (std::size_t i = 0; i < positions; ++i) {
    const double center = begin + (static_cast<double>(i) + 0.5) * scale;
    std::int64_t from = 0, to = 0;
    if (filter == ResizeFilter::nearest) {
      from = to = position(center);
    } else if (filter == ResizeFilter::area) {
      from = position(center - scale / 2 + tolerance);
      to = std::max(from, position(std::ceil(center + scale / 2 - tolerance) - 1.0));
    } else {
      // Pixels whose center lies within the half width.
      const double half_width = lobes(filter) * stretch;
      from = position(center - half_width + 0.5);
      to = std::max(from, position(center + half_width - 0.5));
    }
    const auto weight_of = [&](std::int64_t j) {
      const double pixel = static_cast<double>(j);
      switch (filter) {
        case ResizeFilter::nearest:
          return 1.0;
        case ResizeFilter::bilinear:
          return std::max(0.0, 1.0 - std::abs(pixel + 0.5 - center) / stretch);
        case ResizeFilter::bicubic:
          return bicubic((pixel + 0.5 - center) / stretch);
        case ResizeFilter::area:
          return std::max(0.0, std::min(pixel + 1.0, center + scale / 2) - std::max(pixel, center - scale / 2));
        case ResizeFilter::lanczos:
          break;
      }
      return lanczos((pixel + 0.5 - center) / stretch);
    };
    const std::int64_t kept_from = std::max<std::int64_t>(from, 0);
    const std::int64_t kept_to = std::min(to, source_size - 1);
    first[i] = kept_from;
    weight_offset[i] = static_cast<std::int64_t>(weights.size());
    double sum = 0.0;
    double kept = 0.0;
    for (std::int64_t j = from; j <= to; ++j) {
      const double weight = weight_of(j);
      sum += weight;
      if (j < kept_from || j > kept_to) continue;
      weights.push_back(static_cast<float>(weight));
      kept += weight;
    }
    for (std::size_t j = static_cast<std::size_t>(weight_offset[i]); j < weights.size(); ++j)
      weights[j] = static_cast<float>(weights[j] / sum);
    coverage[i] = from == kept_from && to == kept_to ? 1.0F : static_cast<float>(kept / sum);
  }
  weight_offset[positions] = static_cast<std::int64_t>(weights.size());
}

}  // namespace sleight

#include "engine/data/detector/crop.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "engine/base/error.h"

namespace sleight {

namespace {

Box box_of(const CropBox& part) {
  return {part.left, part.top, part.left + part.width, part.top + part.height};
}

bool meets(CropConstraint constraint, double overlap, const CropBox& part, std::span<const ObjectBox> objects) {
  const auto overlaps = [&](const ObjectBox& object) {
    return intersection_over_union(box_of(part), object.box) >= overlap;
  };
  return constraint == CropConstraint::any_object ? std::any_of(objects.begin(), objects.end(), overlaps)
                                                  : std::all_of(objects.begin(), objects.end(), overlaps);
}

CropBox draw_part(const ConstrainedCropOptions& options, const CropBox& region, RandomStream& random) {
  const double scale = random.uniform(options.minimum_scale, options.maximum_scale);
  const double square = scale * scale;
  // An aspect beyond these limits would make one side longer than the region's.
  const double aspect =
      random.uniform(std::max(1.0 / options.maximum_aspect, square), std::min(options.maximum_aspect, 1.0 / square));
  const auto side = [](double whole, double share) { return std::clamp(std::floor(whole * share), 1.0, whole); };
  const double width = side(region.width, scale * std::sqrt(aspect));
  const double height = side(region.height, scale / std::sqrt(aspect));
  const auto offset = [&](double room) {
    return static_cast<double>(random.below(static_cast<std::int64_t>(room) + 1));
  };
  const double top = region.top + offset(region.height - height);
  const double left = region.left + offset(region.width - width);
  return {left, top, width, height};
}

}  // namespace

const char* name_of(CropConstraint constraint) {
  constexpr const char* names[] = {"none", "every object", "any object"};
  return names[static_cast<std::size_t>(constraint)];
}

bool keeps_object(const CropBox& part, const Box& object) {
  const double x = (object.left + object.right) / 2;
  const double y = (object.top + object.bottom) / 2;
  return x >= part.left && x < part.left + part.width && y >= part.top && y < part.top + part.height;
}

CropBox draw_constrained_crop(const ConstrainedCropOptions& options, const CropBox& region,
                              std::span<const ObjectBox> objects, RandomStream& random) {
  if (options.constraint == CropConstraint::none) return region;
  // Nothing to keep: the first part that is drawn, as in GluonCV.
  if (objects.empty()) return draw_part(options, region, random);
  // 0: any part is accepted.
  constexpr std::array<double, 6> overlaps = {0.1, 0.3, 0.5, 0.7, 0.9, 0.0};
  std::array<CropBox, overlaps.size() + 1> candidates;
  std::size_t count = 0;
  candidates[count++] = region;
  for (const double overlap : overlaps) {
    for (int attempt = 0; attempt < options.tries; ++attempt) {
      const CropBox part = draw_part(options, region, random);
      if (overlap > 0.0 && !meets(options.constraint, overlap, part, objects)) continue;
      candidates[count++] = part;
      break;
    }
  }
  while (count > 0) {
    const std::size_t chosen = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(count)));
    const CropBox part = candidates[chosen];
    const auto stays = [&](const ObjectBox& object) { return keeps_object(part, object.box); };
    if (std::any_of(objects.begin(), objects.end(), stays)) return part;
    candidates[chosen] = candidates[--count];
  }
  return region;
}

void check_crop_options(const ConstrainedCropOptions& options) {
  check(options.minimum_scale > 0.0 && options.minimum_scale <= options.maximum_scale && options.maximum_scale <= 1.0,
        "constrained crop: the scale must lie within (0, 1] and its range not be empty, not ", options.minimum_scale,
        " to ", options.maximum_scale);
  check(options.maximum_aspect >= 1.0 && options.maximum_aspect < 1e3,
        "constrained crop: the largest aspect must be 1 or more, not ", options.maximum_aspect);
  check(options.tries >= 1 && options.tries <= 100000, "constrained crop: 1 to 100000 tries, not ", options.tries);
}

}  // namespace sleight

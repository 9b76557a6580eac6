#include "engine/data/detector/augmentation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/base/error.h"

namespace sleight {

DetectorAugmentation detector_training_augmentation() {
  DetectorAugmentation recipe;
  recipe.brightness = 32.0;
  recipe.contrast = 0.5;
  recipe.saturation = 0.5;
  recipe.hue = 18.0;
  recipe.expand_probability = 0.5;
  recipe.crop.constraint = CropConstraint::every_object;
  recipe.random_filter = true;
  recipe.flip_probability = 0.5;
  return recipe;
}

DetectorAugmentation detector_evaluation_augmentation() {
  return {};
}

void check_recipe(const DetectorAugmentation& recipe) {
  const auto is_share = [](double value) { return value >= 0.0 && value <= 1.0; };
  check(is_share(recipe.color_probability) && is_share(recipe.expand_probability) && is_share(recipe.flip_probability),
        "the probabilities of color, expansion and flip must lie within [0, 1], not ", recipe.color_probability, ", ",
        recipe.expand_probability, ", ", recipe.flip_probability);
  check(recipe.brightness >= 0.0 && recipe.brightness <= 255.0 && is_share(recipe.contrast) &&
            is_share(recipe.saturation) && recipe.hue >= 0.0 && recipe.hue <= 180.0,
        "brightness must lie within [0, 255], contrast and saturation within [0, 1], hue within [0, 180] degrees, not ",
        recipe.brightness, ", ", recipe.contrast, ", ", recipe.saturation, ", ", recipe.hue);
  check(recipe.maximum_expansion >= 1.0 && recipe.maximum_expansion <= 64.0,
        "the expansion must be 1 to 64 times, not ", recipe.maximum_expansion);
  check_crop_options(recipe.crop);
  for (const double value : recipe.fill)
    check(value >= 0.0 && value <= 255.0, "the fill must lie within [0, 255], not ", value);
}

ColorMap draw_colors(const DetectorAugmentation& recipe, RandomStream& random) {
  // Each makes two draws in any case.
  const auto draw = [&](double strength) {
    const bool happens = random.uniform() < recipe.color_probability;
    const double amount = random.uniform(-1.0, 1.0);
    return happens ? amount * strength : 0.0;
  };
  const double brightness = draw(recipe.brightness);
  const double contrast = 1.0 + draw(recipe.contrast);
  const double saturation = 1.0 + draw(recipe.saturation);
  const double hue = draw(recipe.hue) * std::numbers::pi / 180.0;

  ColorMap map;
  if (saturation != 1.0) map.matrix = multiply(saturation_matrix(saturation), map.matrix);
  if (hue != 0.0) map.matrix = multiply(hue_matrix(hue), map.matrix);
  for (auto& row : map.matrix)
    for (double& entry : row)
      entry *= contrast;
  // Saturation and hue do not change grays, and brightness adds a gray.
  map.offset.fill(contrast * brightness);
  return map;
}

DetectorDraws draw_detection(const DetectorAugmentation& recipe, const ImageSize& canvas,
                             std::span<const ObjectBox> objects, RandomStream& random) {
  DetectorDraws draws;
  draws.colors = draw_colors(recipe, random);

  const bool expand = random.uniform() < recipe.expand_probability;
  const double ratio = random.uniform(1.0, recipe.maximum_expansion);
  const double across = random.uniform();
  const double down = random.uniform();
  CropBox region{0.0, 0.0, static_cast<double>(canvas.width), static_cast<double>(canvas.height)};
  if (expand) {
    const double width = std::floor(region.width * ratio);
    const double height = std::floor(region.height * ratio);
    region = {-std::floor(across * (width - region.width + 1.0)), -std::floor(down * (height - region.height + 1.0)),
              width, height};
  }
  const std::int64_t filter = random.below(resize_filter_count);
  draws.filter = recipe.random_filter ? static_cast<ResizeFilter>(filter) : recipe.filter;
  draws.flip = random.uniform() < recipe.flip_probability;
  draws.part = draw_constrained_crop(recipe.crop, region, objects, random);
  return draws;
}

PartPlacement place_part(const DetectorAugmentation& recipe, const CropBox& part, const ImageSize& output) {
  if (!recipe.letterbox) return {0, 0, output.width, output.height};
  const double scale =
      std::min(static_cast<double>(output.width) / part.width, static_cast<double>(output.height) / part.height);
  const auto side = [&](double length, std::int64_t limit) {
    return std::clamp<std::int64_t>(std::llround(length * scale), 1, limit);
  };
  const std::int64_t width = side(part.width, output.width);
  const std::int64_t height = side(part.height, output.height);
  return {(output.width - width) / 2, (output.height - height) / 2, width, height};
}

BoxTransform transform_of(const CropBox& part, const PartPlacement& placement) {
  BoxTransform transform;
  transform.scale_x = static_cast<double>(placement.width) / part.width;
  transform.scale_y = static_cast<double>(placement.height) / part.height;
  transform.offset_x = static_cast<double>(placement.left) - part.left * transform.scale_x;
  transform.offset_y = static_cast<double>(placement.top) - part.top * transform.scale_y;
  return transform;
}

bool carry_box(const Box& box, const CropBox& part, const BoxTransform& transform, Box& carried) {
  if (!keeps_object(part, box)) return false;
  const Box clipped = intersection(box, {part.left, part.top, part.left + part.width, part.top + part.height});
  if (!(clipped.area() > 0.0)) return false;
  carried = transform.to_batch(clipped);
  return true;
}

}  // namespace sleight

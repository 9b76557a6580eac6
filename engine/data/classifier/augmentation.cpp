#include "engine/data/classifier/augmentation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/base/error.h"

namespace sleight {

namespace {

// Principal components of the colors of ImageNet's training images on the scale 0..255: eigenvalues and, in columns,
// eigenvectors. Krizhevsky et al. 2012 describe them; the numbers are those that fb.resnet.torch and MXNet publish.
constexpr std::array<double, 3> color_eigenvalues = {55.46, 4.794, 1.148};
constexpr ColorMatrix color_eigenvectors = {
    {{-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}}};

double draw_factor(double strength, RandomStream& random) {
  return strength == 0.0 ? 1.0 : random.uniform(1.0 - strength, 1.0 + strength);
}

double mean_gray(ImageView image) {
  // 48 sums: a multiple of the three channels and of every vector width.
  constexpr std::int64_t lanes = 48;
  std::array<std::int64_t, 3> sums{};
  for (std::int64_t y = 0; y < image.height; ++y) {
    const std::uint8_t* row = image.row(y);
    const std::int64_t count = image.width * 3;
    std::array<std::uint32_t, lanes> partial{};
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes)
      for (std::int64_t lane = 0; lane < lanes; ++lane)
        partial[lane] += row[i + lane];
    for (; i < count; ++i)
      sums[i % 3] += row[i];
    for (std::size_t lane = 0; lane < lanes; ++lane)
      sums[lane % 3] += partial[lane];
  }
  double gray = 0.0;
  for (std::size_t channel = 0; channel < 3; ++channel)
    gray += luma[channel] * static_cast<double>(sums[channel]);
  return gray / static_cast<double>(image.height * image.width);
}

}  // namespace

ClassifierAugmentation imagenet_training_augmentation() {
  ClassifierAugmentation recipe;
  recipe.crop = CropKind::random_resized;
  recipe.flip_probability = 0.5;
  recipe.brightness = recipe.contrast = recipe.saturation = 0.4;
  recipe.pca_noise = 0.1;
  return recipe;
}

ClassifierAugmentation imagenet_training_augmentation_with_hue() {
  ClassifierAugmentation recipe = imagenet_training_augmentation();
  recipe.contrast = 0.0;
  recipe.hue = 0.4;
  return recipe;
}

ClassifierAugmentation imagenet_evaluation_augmentation() {
  ClassifierAugmentation recipe;
  recipe.crop = CropKind::center;
  return recipe;
}

ClassifierAugmentation cifar_training_augmentation() {
  ClassifierAugmentation recipe;
  recipe.crop = CropKind::padded;
  recipe.flip_probability = 0.5;
  return recipe;
}

ClassifierAugmentation plain_recipe() {
  return {};
}

void check_recipe(const ClassifierAugmentation& recipe) {
  const auto is_strength = [](double value) { return value >= 0.0 && value <= 1.0; };
  check(recipe.minimum_area > 0.0 && recipe.minimum_area <= recipe.maximum_area && recipe.maximum_area <= 1.0,
        "random resized crop: the area must lie within (0, 1] and not be empty, not ", recipe.minimum_area, " to ",
        recipe.maximum_area);
  check(recipe.minimum_aspect > 0.0 && recipe.minimum_aspect <= recipe.maximum_aspect && recipe.maximum_aspect < 1e3,
        "random resized crop: the aspect must be positive and its range not empty, not ", recipe.minimum_aspect, " to ",
        recipe.maximum_aspect);
  check(recipe.padding >= 0 && recipe.padding <= 4096, "the padding must be 0 to 4096 pixels, not ", recipe.padding);
  check(recipe.center_fraction > 0.0 && recipe.center_fraction <= 1.0,
        "the center crop's share of the short side must lie within (0, 1], not ", recipe.center_fraction);
  check(is_strength(recipe.flip_probability), "the probability of a flip must lie within [0, 1], not ",
        recipe.flip_probability);
  check(is_strength(recipe.brightness) && is_strength(recipe.contrast) && is_strength(recipe.saturation) &&
            is_strength(recipe.hue),
        "brightness, contrast, saturation and hue must lie within [0, 1], not ", recipe.brightness, ", ",
        recipe.contrast, ", ", recipe.saturation, ", ", recipe.hue);
  check(recipe.pca_noise >= 0.0 && recipe.pca_noise <= 10.0, "the PCA noise must lie within [0, 10], not ",
        recipe.pca_noise);
}

CropBox draw_random_resized_crop(const ClassifierAugmentation& recipe, std::int64_t height, std::int64_t width,
                                 RandomStream& random) {
  const double area = static_cast<double>(height) * static_cast<double>(width);
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * random.uniform(recipe.minimum_area, recipe.maximum_area);
    const double aspect = std::exp(random.uniform(std::log(recipe.minimum_aspect), std::log(recipe.maximum_aspect)));
    const std::int64_t crop_width = std::llround(std::sqrt(target * aspect));
    const std::int64_t crop_height = std::llround(std::sqrt(target / aspect));
    if (crop_width < 1 || crop_height < 1 || crop_width > width || crop_height > height) continue;
    const std::int64_t top = random.below(height - crop_height + 1);
    const std::int64_t left = random.below(width - crop_width + 1);
    return {static_cast<double>(left), static_cast<double>(top), static_cast<double>(crop_width),
            static_cast<double>(crop_height)};
  }
  const double image_aspect = static_cast<double>(width) / static_cast<double>(height);
  std::int64_t crop_width = width;
  std::int64_t crop_height = height;
  if (image_aspect < recipe.minimum_aspect)
    crop_height = std::max<std::int64_t>(1, std::llround(static_cast<double>(width) / recipe.minimum_aspect));
  else if (image_aspect > recipe.maximum_aspect)
    crop_width = std::max<std::int64_t>(1, std::llround(static_cast<double>(height) * recipe.maximum_aspect));
  crop_height = std::min(crop_height, height);
  crop_width = std::min(crop_width, width);
  return {static_cast<double>((width - crop_width) / 2), static_cast<double>((height - crop_height) / 2),
          static_cast<double>(crop_width), static_cast<double>(crop_height)};
}

CropBox center_crop(std::int64_t height, std::int64_t width, std::int64_t output_height, std::int64_t output_width,
                    double fraction) {
  // The largest box of the output's aspect that fits, scaled by the fraction.
  const double scale = std::min(static_cast<double>(height) / static_cast<double>(output_height),
                                static_cast<double>(width) / static_cast<double>(output_width)) *
                       fraction;
  const double crop_height = static_cast<double>(output_height) * scale;
  const double crop_width = static_cast<double>(output_width) * scale;
  return {(static_cast<double>(width) - crop_width) / 2, (static_cast<double>(height) - crop_height) / 2, crop_width,
          crop_height};
}

PaddedWindow draw_padded_window(const ClassifierAugmentation& recipe, RandomStream& random) {
  const std::int64_t top = random.below(2 * recipe.padding + 1) - recipe.padding;
  const std::int64_t left = random.below(2 * recipe.padding + 1) - recipe.padding;
  return {top, left};
}

bool draw_flip(const ClassifierAugmentation& recipe, RandomStream& random) {
  return random.uniform() < recipe.flip_probability;
}

bool ColorChange::changes_nothing() const {
  return *this == ColorChange{};
}

ColorChange draw_color_change(const ClassifierAugmentation& recipe, RandomStream& random) {
  const double brightness = draw_factor(recipe.brightness, random);
  const double contrast = draw_factor(recipe.contrast, random);
  const double saturation = draw_factor(recipe.saturation, random);
  const double hue = draw_factor(recipe.hue, random);

  ColorChange change;
  if (saturation != 1.0) change.matrix = multiply(saturation_matrix(saturation), change.matrix);
  if (hue != 1.0) change.matrix = multiply(hue_matrix((hue - 1.0) * std::numbers::pi), change.matrix);
  for (auto& row : change.matrix)
    for (double& entry : row)
      entry *= brightness * contrast;
  // Contrast blends with the mean gray of the brightened image; saturation and hue do not change that gray.
  change.mean_gray_factor = (1.0 - contrast) * brightness;
  if (recipe.pca_noise > 0.0) {
    for (std::size_t component = 0; component < 3; ++component) {
      const double weight = recipe.pca_noise * random.normal() * color_eigenvalues[component];
      for (std::size_t channel = 0; channel < 3; ++channel)
        change.noise[channel] += weight * color_eigenvectors[channel][component];
    }
  }
  return change;
}

void apply_color_change(const ColorChange& change, MutableImageView image) {
  if (change.changes_nothing()) return;
  const double gray = change.mean_gray_factor == 0.0 ? 0.0 : change.mean_gray_factor * mean_gray(image);
  float matrix[3][3];
  float offset[3];
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j)
      matrix[i][j] = static_cast<float>(change.matrix[i][j]);
    offset[i] = static_cast<float>(gray + change.noise[i]);
  }
  for (std::int64_t y = 0; y < image.height; ++y) {
    std::uint8_t* row = image.row(y);
    for (std::int64_t x = 0; x < image.width; ++x) {
      std::uint8_t* pixel = row + x * 3;
      const float red = pixel[0];
      const float green = pixel[1];
      const float blue = pixel[2];
      for (int channel = 0; channel < 3; ++channel) {
        const float value =
            matrix[channel][0] * red + matrix[channel][1] * green + matrix[channel][2] * blue + offset[channel];
        pixel[channel] = static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F) + 0.5F);
      }
    }
  }
}

}  // namespace sleight

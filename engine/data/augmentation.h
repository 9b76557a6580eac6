// Which part of a picture is used and how its colours are changed: the recipes of "Bag of Tricks for Image
// Classification" (He et al. 2019, section 2.1) and of CIFAR training (He et al. 2016, section 4.2). Every draw comes
// from the RandomStream given, always in the same order, so a sample is a pure function of (seed, epoch, index).
#pragma once

#include <array>
#include <cstdint>

#include "engine/data/colour_matrix.h"
#include "engine/data/picture.h"
#include "engine/tensor/random.h"

namespace sleight {

enum class CropKind : std::uint8_t {
  random_resized,  // a random part (area, aspect), resized to the batch's size (Szegedy et al. 2015)
  padded,          // resized to the batch's size where it differs, zeros around it, a random window of the batch's size
  centre,          // short side to size / centre_fraction, then the centre (evaluation)
  whole,           // plain resize of the whole picture; the aspect may change
};

// A recipe is a value: comparable, printable, copied into each BatchRequest.
struct AugmentationRecipe {
  CropKind crop = CropKind::whole;

  // random_resized: share of the picture's area, and width / height, drawn uniformly in its logarithm.
  double minimum_area = 0.08, maximum_area = 1.0;
  double minimum_aspect = 3.0 / 4.0, maximum_aspect = 4.0 / 3.0;
  // padded: zeros (black) on every side, in pixels of the output.
  int padding = 4;
  // centre: the crop's share of the resized short side.
  double centre_fraction = 0.875;

  double flip_probability = 0.0;
  // Colour factors are drawn from [1 - strength, 1 + strength]; 0 leaves it out. Order: brightness, contrast,
  // saturation, hue, PCA noise; in real numbers, rounded and clamped to bytes once at the end.
  double brightness = 0.0;
  double contrast = 0.0;
  double saturation = 0.0;
  // A hue factor f turns the colour by (f - 1) * 180 degrees in YIQ space.
  double hue = 0.0;
  // Standard deviation of the three draws that scale ImageNet's colour eigenvectors (Krizhevsky et al. 2012,
  // section 4.1).
  double pca_noise = 0.0;

  bool operator==(const AugmentationRecipe&) const = default;
};

// "Bag of Tricks": random resized crop, flip 0.5, brightness, contrast and saturation 0.4, PCA noise 0.1.
AugmentationRecipe imagenet_training_recipe();
// The same with hue instead of contrast, as the paper's text says (its code has contrast).
AugmentationRecipe imagenet_training_recipe_with_hue();
// Short side to size / 0.875, centre crop.
AugmentationRecipe imagenet_evaluation_recipe();
// Pad 4, random crop, flip 0.5.
AugmentationRecipe cifar_training_recipe();
// Plain resize; does nothing to a picture that has the batch's size already.
AugmentationRecipe plain_recipe();

// Throws Error for an empty range, a probability outside [0, 1], a negative strength or a strength above 1.
void check_recipe(const AugmentationRecipe& recipe);

// The random part of a picture of height x width. Up to 10 tries draw area and aspect, rounded to whole pixels; the
// first that fits gets a uniform position. When none fits: the largest centred crop whose aspect is within the limits
// (torchvision's RandomResizedCrop, the same distribution).
CropBox draw_random_resized_crop(const AugmentationRecipe& recipe, std::int64_t height, std::int64_t width,
                                 RandomStream& random);

// The part of a picture of height x width that, resized to output_height x output_width, is what "short side to
// size / fraction, then centre crop" gives. Its aspect is the output's; its edges are not whole pixels.
CropBox centre_crop(std::int64_t height, std::int64_t width, std::int64_t output_height, std::int64_t output_width,
                    double fraction);

// The upper left corner of a window in a picture's own coordinates: negative in the zeros around it.
struct PaddedWindow {
  std::int64_t top = 0, left = 0;
};

// For CropKind::padded: -padding .. padding, each.
PaddedWindow draw_padded_window(const AugmentationRecipe& recipe, RandomStream& random);

// Whether the picture is to be mirrored.
bool draw_flip(const AugmentationRecipe& recipe, RandomStream& random);

// All colour changes of one sample as one affine map of (red, green, blue): every one of them is linear in the pixel,
// so their product is a 3 x 3 matrix and an offset. Only contrast also needs the picture's mean grey.
struct ColourChange {
  ColourMatrix matrix{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  double mean_grey_factor = 0.0;  // times the mean grey of the unchanged picture, added to every channel
  std::array<double, 3> noise{};  // added last, in grey levels

  bool changes_nothing() const;
  bool operator==(const ColourChange&) const = default;
};

ColourChange draw_colour_change(const AugmentationRecipe& recipe, RandomStream& random);

// In place; pixels [height, width, 3]. Each result is rounded to nearest and clamped to 0..255.
void apply_colour_change(const ColourChange& change, MutablePictureView picture);

}  // namespace sleight

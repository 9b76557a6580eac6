// The part of an image that a sample uses, and its color changes: the recipes of "Bag of Tricks for Image
// Classification" (He et al. 2019, section 2.1) and of CIFAR training (He et al. 2016, section 4.2). Every draw comes
// from the given RandomStream, always in the same order, so a sample is a pure function of (seed, epoch, index).
#pragma once

#include <array>
#include <cstdint>

#include "engine/image/color_matrix.h"
#include "engine/image/image.h"
#include "engine/value/random.h"

namespace sleight {

enum class CropKind : std::uint8_t {
  random_resized,  // a random part (area, aspect), resized to the batch's size (Szegedy et al. 2015)
  padded,          // resized to the batch's size if it differs, padded with zeros; a random window of the batch's size
  center,          // short side to size / center_fraction, then the center (evaluation)
  whole,           // plain resize of the whole image; the aspect may change
};

// A recipe is a value: comparable, printable, copied into each BatchRequest.
struct ClassifierAugmentation {
  CropKind crop = CropKind::whole;

  // random_resized: share of the image's area, and width / height, drawn uniformly in its logarithm.
  double minimum_area = 0.08, maximum_area = 1.0;
  double minimum_aspect = 3.0 / 4.0, maximum_aspect = 4.0 / 3.0;
  // padded: zeros (black) on every side, in pixels of the output.
  int padding = 4;
  // center: the crop's share of the resized short side.
  double center_fraction = 0.875;

  double flip_probability = 0.0;
  // Color factors are drawn from [1 - strength, 1 + strength]; 0 switches a change off. Order: brightness, contrast,
  // saturation, hue, PCA noise; in real numbers, rounded and clamped to bytes once at the end.
  double brightness = 0.0;
  double contrast = 0.0;
  double saturation = 0.0;
  // A hue factor f rotates the color by (f - 1) * 180 degrees in YIQ space.
  double hue = 0.0;
  // Standard deviation of the three draws that scale ImageNet's color eigenvectors (Krizhevsky et al. 2012,
  // section 4.1).
  double pca_noise = 0.0;

  bool operator==(const ClassifierAugmentation&) const = default;
};

// "Bag of Tricks": random resized crop, flip 0.5, brightness, contrast and saturation 0.4, PCA noise 0.1.
ClassifierAugmentation imagenet_training_augmentation();
// The same with hue instead of contrast, as in the paper's text (its code has contrast).
ClassifierAugmentation imagenet_training_augmentation_with_hue();
// Short side to size / 0.875, center crop.
ClassifierAugmentation imagenet_evaluation_augmentation();
// Pad 4, random crop, flip 0.5.
ClassifierAugmentation cifar_training_augmentation();
// Plain resize; does not change an image that has the batch's size already.
ClassifierAugmentation plain_recipe();

// Throws Error for an empty range, a probability outside [0, 1], a negative strength or a strength above 1.
void check_recipe(const ClassifierAugmentation& recipe);

// The random part of an image of height x width. Up to 10 tries draw area and aspect, rounded to whole pixels; the
// first that fits gets a uniform position. If none fits: the largest centered crop whose aspect is within the limits
// (torchvision's RandomResizedCrop, the same distribution).
CropBox draw_random_resized_crop(const ClassifierAugmentation& recipe, std::int64_t height, std::int64_t width,
                                 RandomStream& random);

// The part of an image of height x width that, resized to output_height x output_width, equals "short side to size /
// fraction, then center crop". Its aspect is the output's; its edges are not whole pixels.
CropBox center_crop(std::int64_t height, std::int64_t width, std::int64_t output_height, std::int64_t output_width,
                    double fraction);

// The upper left corner of a window in an image's own coordinates: negative in the zeros around it.
struct PaddedWindow {
  std::int64_t top = 0, left = 0;
};

// For CropKind::padded: -padding .. padding, each.
PaddedWindow draw_padded_window(const ClassifierAugmentation& recipe, RandomStream& random);

// Whether to mirror the image.
bool draw_flip(const ClassifierAugmentation& recipe, RandomStream& random);

// All color changes of one sample as one affine map of (red, green, blue): each of them is linear in the pixel, so
// their product is a 3 x 3 matrix and an offset. Only contrast also needs the image's mean gray.
struct ColorChange {
  ColorMatrix matrix{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  double mean_gray_factor = 0.0;  // times the mean gray of the unchanged image, added to every channel
  std::array<double, 3> noise{};  // added last, in gray levels

  bool changes_nothing() const;
  bool operator==(const ColorChange&) const = default;
};

ColorChange draw_color_change(const ClassifierAugmentation& recipe, RandomStream& random);

// In place; pixels [height, width, 3]. Each result is rounded to nearest and clamped to 0..255.
void apply_color_change(const ColorChange& change, MutableImageView image);

}  // namespace sleight

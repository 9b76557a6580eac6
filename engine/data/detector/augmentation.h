// The augmentation of a detector's images, as random draws and as arithmetic, and its effect on the boxes. The order is
// GluonCV's (YOLO3DefaultTrainTransform; Zhang et al., arXiv 1902.04103, section 3): color, expansion, constrained
// crop, resize with a random filter, flip; mixup comes before all of them. Every draw comes from the given
// RandomStream, always in the same order, so a sample is a pure function of (seed, epoch, index).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/data/detector/box.h"
#include "engine/data/detector/box_transform.h"
#include "engine/data/detector/crop.h"
#include "engine/image/color_matrix.h"
#include "engine/image/decode_image.h"
#include "engine/image/image.h"
#include "engine/image/resize_filter.h"
#include "engine/value/random.h"

namespace sleight {

// A recipe is a value: comparable, printable, copied into each DetectorBatchRequest. The defaults are the plain resize
// of an evaluation.
struct DetectorAugmentation {
  // Each of the four changes has this probability, independently; a strength of 0 switches it off.
  double color_probability = 0.5;
  double brightness = 0.0;  // a number from [-b, b] is added, in gray levels
  double contrast = 0.0;    // a factor from [1 - c, 1 + c], of the colors themselves, not around a mean
  double saturation = 0.0;  // a factor from [1 - s, 1 + s]
  double hue = 0.0;         // an angle from [-h, h] in YIQ space, in degrees

  // Places the image at a random position of a canvas up to maximum_expansion times as wide and as high.
  double expand_probability = 0.0;
  double maximum_expansion = 4.0;

  ConstrainedCropOptions crop;

  bool random_filter = false;  // one of the five, each as likely
  ResizeFilter filter = ResizeFilter::bilinear;

  double flip_probability = 0.0;

  // Keeps the aspect: scales the part to the largest size that fits, centered, with fill around it. Otherwise it is
  // stretched to the batch's size.
  bool letterbox = false;
  // Fill outside the canvas and around a letterboxed image: ImageNet's mean color, red, green, blue.
  std::array<double, 3> fill = {123.68, 116.779, 103.939};

  bool operator==(const DetectorAugmentation&) const = default;
};

// All augmentation: brightness 32, contrast and saturation 0.5, hue 18 degrees, expansion 0.5 up to 4, constrained
// crop, random filter, flip 0.5.
DetectorAugmentation detector_training_augmentation();
// Plain resize, bilinear.
DetectorAugmentation detector_evaluation_augmentation();

// Throws Error for an empty range, a probability outside [0, 1] or an invalid strength.
void check_recipe(const DetectorAugmentation& recipe);

// GluonCV's random_color_distort: brightness, then either contrast, saturation, hue or saturation, hue, contrast.
// Contrast is a factor, the other two are matrices, and values are not clamped in between, so both orders are the same
// map, and we draw neither. GluonCV multiplies its hue of 18 by pi and takes it as radians, so every hue is equally
// likely; hue = 180 gives that here.
ColorMap draw_colors(const DetectorAugmentation& recipe, RandomStream& random);

// The random draws of one sample.
struct DetectorDraws {
  ColorMap colors;
  ResizeFilter filter = ResizeFilter::bilinear;
  bool flip = false;
  CropBox part;  // fills the output; in pixels of the image (or of both mixed images' canvas), whose corner is at
                 // (0, 0); reaches beyond it after an expansion
};

// Draws colors, expansion, filter and flip, in this order, with the same number of draws whatever the recipe. The crop
// draws last, because its number of draws varies. So switching off one of them changes none of the others.
DetectorDraws draw_detection(const DetectorAugmentation& recipe, const ImageSize& canvas,
                             std::span<const ObjectBox> objects, RandomStream& random);

// The part's place in the output: all of it, or with letterbox a centered rectangle. In whole pixels.
struct PartPlacement {
  std::int64_t left = 0, top = 0, width = 0, height = 0;
};
PartPlacement place_part(const DetectorAugmentation& recipe, const CropBox& part, const ImageSize& output);

BoxTransform transform_of(const CropBox& part, const PartPlacement& placement);

// The box of an object in the output, clipped to the part, not mirrored. False if the object does not stay: its center
// lies outside the part, or its clipped box is empty.
bool carry_box(const Box& box, const CropBox& part, const BoxTransform& transform, Box& carried);

}  // namespace sleight

// What a detector's images go through, as draws and as arithmetic; and how the boxes go along. In GluonCV's order
// (its YOLO3DefaultTrainTransform; Zhang et al., arXiv 1902.04103, section 3): color, expansion, constrained crop,
// resize with a random filter, flip; mixup comes before all of them. Every draw comes from the RandomStream given,
// always in the same order, so a sample is a pure function of (seed, epoch, index).
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

// A recipe is a value: comparable, printable, copied into each DetectorBatchRequest. As it stands here it is the plain
// resize of an evaluation.
struct DetectorAugmentation {
  // Each of the four changes is made with this probability by itself; a strength of 0 leaves it out.
  double color_probability = 0.5;
  double brightness = 0.0;  // a number from [-b, b] is added, in gray levels
  double contrast = 0.0;    // a factor from [1 - c, 1 + c], of the colors themselves, not around a mean
  double saturation = 0.0;  // a factor from [1 - s, 1 + s]
  double hue = 0.0;         // an angle from [-h, h] in YIQ space, in degrees

  // The image is put at a random place of a canvas up to maximum_expansion times as wide and as high.
  double expand_probability = 0.0;
  double maximum_expansion = 4.0;

  ConstrainedCropOptions crop;

  bool random_filter = false;  // one of the five, each as likely
  ResizeFilter filter = ResizeFilter::bilinear;

  double flip_probability = 0.0;

  // Keeps the aspect: the part is made as large as fits, centered, with the fill beside it. Otherwise it is stretched to
  // the batch's size.
  bool letterbox = false;
  // Outside the canvas and beside a letterboxed image: ImageNet's mean color, red, green, blue.
  std::array<double, 3> fill = {123.68, 116.779, 103.939};

  bool operator==(const DetectorAugmentation&) const = default;
};

// All of it: brightness 32, contrast and saturation 0.5, hue 18 degrees, expansion 0.5 up to 4, constrained crop,
// random filter, flip 0.5.
DetectorAugmentation detector_training_augmentation();
// Plain resize, bilinear.
DetectorAugmentation detector_evaluation_augmentation();

// Throws Error for an empty range, a probability outside [0, 1] or a strength that makes no sense.
void check_recipe(const DetectorAugmentation& recipe);

// GluonCV's random_color_distort: brightness, then either contrast, saturation, hue or saturation, hue, contrast.
// Contrast is a factor and the other two are matrices, and nothing is clamped in between, so its two orders are the
// same map and none is drawn. Its hue of 18 is not in degrees there: the number is multiplied by pi and taken as
// radians, so any hue comes as often; that is had here with hue = 180.
ColorMap draw_colors(const DetectorAugmentation& recipe, RandomStream& random);

// What is drawn for one sample.
struct DetectorDraws {
  ColorMap colors;
  ResizeFilter filter = ResizeFilter::bilinear;
  bool flip = false;
  CropBox part;  // what fills the output, in pixels of the image (or of both mixed images' canvas), which lies at
                 // (0, 0); reaches beyond it where it was expanded
};

// Draws colors, expansion, filter and flip, in this order and in the same number whatever the recipe, and the crop
// last, whose draws are not always as many: so that switching one of them off changes none of the others.
DetectorDraws draw_detection(const DetectorAugmentation& recipe, const ImageSize& canvas,
                             std::span<const ObjectBox> objects, RandomStream& random);

// Where in the output the part lies: all of it, or with letterbox a centered rectangle. In whole pixels.
struct PartPlacement {
  std::int64_t left = 0, top = 0, width = 0, height = 0;
};
PartPlacement place_part(const DetectorAugmentation& recipe, const CropBox& part, const ImageSize& output);

BoxTransform transform_of(const CropBox& part, const PartPlacement& placement);

// The box of an object in the output, clipped to the part, not mirrored. False when it does not stay: its center lies
// outside the part, or nothing of it is left.
bool carry_box(const Box& box, const CropBox& part, const BoxTransform& transform, Box& carried);

}  // namespace sleight

// A random part of an image that respects its objects: Liu et al., "SSD: Single Shot MultiBox Detector", arXiv
// 1512.02325, section 2.2, as in GluonCV (random_crop_with_constraints).
#pragma once

#include <cstdint>
#include <span>

#include "engine/data/detector/box.h"
#include "engine/image/image.h"
#include "engine/value/random.h"

namespace sleight {

// Which objects must overlap a part by the required share (intersection over union of part and box).
enum class CropConstraint : std::uint8_t {
  none,          // no crop at all
  every_object,  // GluonCV: seldom satisfied for the larger shares when there are several objects
  any_object,    // Caffe's SSD, and the paper's text
};

const char* name_of(CropConstraint constraint);

struct ConstrainedCropOptions {
  CropConstraint constraint = CropConstraint::none;
  double minimum_scale = 0.3, maximum_scale = 1.0;  // the part's side relative to the image's, before the aspect
  double maximum_aspect = 2.0;                      // and its inverse
  int tries = 50;

  bool operator==(const ConstrainedCropOptions&) const = default;
};

// Whether an object stays when the image is cut to `part`: its center lies in it, the right and lower edge excluded.
bool keeps_object(const CropBox& part, const Box& object);

// A part of `region` (whole pixels). For each of the overlaps 0.1, 0.3, 0.5, 0.7, 0.9 and none, it draws up to `tries`
// parts; the first that satisfies the overlap is a candidate. The whole region is a candidate too. It draws one
// candidate, and another one from the rest as long as no object would stay. Without objects: the whole region. Objects
// of weight 0 count like others. Allocates nothing.
CropBox draw_constrained_crop(const ConstrainedCropOptions& options, const CropBox& region,
                              std::span<const ObjectBox> objects, RandomStream& random);

// Throws Error for an empty range, scales outside (0, 1], an aspect below 1 or no tries.
void check_crop_options(const ConstrainedCropOptions& options);

}  // namespace sleight

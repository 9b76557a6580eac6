// The EXIF orientation: how a camera's image must be turned to stand upright. Annotation tools and browsers show the
// turned image, so boxes are drawn on it.
//
// Source: Exif 2.32 (CIPA DC-008), tag 274. The value names where the stored first row and column are in the scene.
#pragma once

#include <cstddef>
#include <span>

#include "engine/image/decode_image.h"
#include "engine/image/image.h"

namespace sleight {

// First the image is transposed, then mirrored from left to right, then from top to bottom. The default changes nothing.
struct Orientation {
  bool transposes = false;
  bool mirrors_columns = false;
  bool mirrors_rows = false;

  bool operator==(const Orientation&) const = default;
};

// Exif's value 1 to 8; any other number is 1.
Orientation orientation_of(int exif_value);

// Of Exif data, from its byte order mark on. Damaged or missing data is 1: programs differ in what they make of it, and
// the pixels are there.
Orientation parse_exif(std::span<const std::byte> exif);

ImageSize turned_size(ImageSize stored, Orientation orientation);

// Where a box of the stored image lies after turning; size: of the stored image.
CropBox turned_box(const CropBox& box, ImageSize stored, Orientation orientation);
// And back: where a box of the turned image was stored.
CropBox stored_box(const CropBox& box, ImageSize stored, Orientation orientation);

void turn(ImageView stored, Orientation orientation, Image& turned);

}  // namespace sleight

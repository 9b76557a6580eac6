// The rules for wrong boxes. Real annotations cross the border, have swapped corners, or are empty. One rule for all
// formats corrects each kind or leaves it out; each kind is counted, and the first boxes of each are named:
//
//   a number that is not finite                  left out
//   a class that is not in the list              left out when the user gave the list; otherwise an error
//   left and right, or top and bottom swapped    swapped back
//
// and for training
//
//   a box around a crowd (COCO)                  left out: it is not an object
//   a difficult object (Pascal VOC)              left out if the options say so
//   an edge outside the image                    moved onto the border (not counted up to half a pixel: rounding)
//   then less than one pixel of area             left out
//
// For evaluation all of these stay as stated: the programs that define the metrics (pycocotools, the VOC development
// kit) measure against the boxes of the file, so our numbers must as well.
//
// The image's size comes from its header. Where the annotation states another one, by more than a pixel of rounding, the
// image was resized or turned after it was annotated, and all of its boxes are in doubt: training leaves the image out.
// More than a few such images are an error, for evaluation too.
#pragma once

#include <array>
#include <cstdint>

#include "engine/data/detector/box.h"
#include "engine/image/decode_image.h"

namespace sleight {

// Counts over a whole split.
struct BoxCounts {
  std::int64_t images = 0;
  std::int64_t images_without_objects = 0;  // after the rules
  std::int64_t objects = 0;                 // kept, corrected or not
  std::int64_t difficult = 0;               // of those kept
  std::int64_t crowd = 0;                   // of those kept
  std::int64_t swapped = 0;
  std::int64_t clipped = 0;
  std::int64_t left_as_stated = 0;  // for evaluation: crossing the border, or with less than one pixel inside
  std::int64_t dropped_not_finite = 0;
  std::int64_t dropped_empty = 0;
  std::int64_t dropped_class = 0;
  std::int64_t dropped_crowd = 0;
  std::int64_t dropped_difficult = 0;
  std::int64_t wrong_sizes = 0;  // images whose size differs from the annotation's
  std::int64_t unreadable = 0;   // images

  bool operator==(const BoxCounts&) const = default;
};

// How a format writes four numbers.
enum class BoxNumbers : std::uint8_t {
  corners,            // left, top, right, bottom as in Box
  one_based_corners,  // Pascal VOC: pixels counted from 1, the last one included
  corner_and_size,    // COCO: left, top, width, height
  center_and_size,    // YOLO: center x, center y, width, height as shares of the image's
};

using FourNumbers = std::array<double, 4>;

bool is_finite(const FourNumbers& numbers);

// In pixels, with ordered corners; and whether they had to be swapped. The swap comes before the shift from 1-based
// pixels: Pascal VOC's 7, 3 are the pixels 3 to 7, so 2 .. 7 and not 3 .. 6.
struct OrderedBox {
  Box box;
  bool was_swapped = false;
};
OrderedBox ordered_box(const FourNumbers& numbers, BoxNumbers meaning, ImageSize size);

// Clipped to the image; whether an edge moved by more than half a pixel.
struct ClippedBox {
  Box box;
  bool was_clipped = false;
};
ClippedBox clipped_box(const Box& box, ImageSize size);

// Less than one pixel of area.
bool is_empty(const Box& box);

}  // namespace sleight

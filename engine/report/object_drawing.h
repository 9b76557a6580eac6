// Boxes with labels drawn on images: of a training batch, of detections.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/data/detector/box.h"
#include "engine/image/image.h"
#include "engine/report/canvas.h"

namespace sleight {

struct DrawnObject {
  Box box;            // in pixels of the image
  std::string label;  // may be empty
  Color color;
  std::string note = {};  // after the label, never cut: "98%"
};

// The image, enlarged by a whole factor, with the boxes' outlines (later objects over earlier ones) and all labels on
// top. Outlines are rounded to whole pixels of the enlarged image and lie inside the box; parts outside the image are
// not drawn. Lines (thickness in pixels; 0: automatic) and letters grow with the enlarged image.
//
// A label lies inside the image: above its box, or, if an earlier label is there, inside the box, below it, or at the
// right end. It is shortened to the width of its box or half the width of the image, whichever is larger. An image less
// than four lines of text high has no labels.
Image draw_objects(ImageView image, std::span<const DrawnObject> objects, int enlargement = 1,
                   std::int64_t thickness = 0);

}  // namespace sleight

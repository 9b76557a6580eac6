// Boxes with labels drawn on pictures: of a training batch, of detections.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "engine/data/box.h"
#include "engine/data/picture.h"
#include "engine/train/canvas.h"

namespace sleight {

struct DrawnObject {
  Box box;            // in pixels of the picture
  std::string label;  // may be empty
  Color color;
};

// A colour for each class, the same in every picture; the first ten are easy to tell apart.
Color class_color(std::int32_t class_index);

// The picture, enlarged by a whole factor, with the boxes' outlines and their labels above them (inside, where there is
// no room above); later objects over earlier ones. Outlines are rounded to whole pixels of the enlarged picture and lie
// inside the box; what is outside the picture is not drawn.
Picture draw_objects(PictureView picture, std::span<const DrawnObject> objects, int enlargement = 1,
                     std::int64_t thickness = 2);

}  // namespace sleight

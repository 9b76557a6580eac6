// Pictures with boxes around their objects. A dataset never changes after it is opened and may be read from many
// threads at once.
#pragma once

#include <cstdint>
#include <span>

#include "engine/data/box.h"
#include "engine/data/dataset.h"

namespace sleight {

class DetectionDataset : public PictureSource {
 public:
  // In the order of the file. The boxes keep the rules of engine/data/box_rules.h: inside the picture, not empty, of a
  // known class. May be empty.
  virtual std::span<const ObjectBox> objects(std::int64_t index) const = 0;
};

}  // namespace sleight

// COCO's annotation files ("instances_*.json"), read piece by piece: the file of COCO's training pictures has 450 MB,
// most of it outlines that are not needed here, so neither the file nor a tree of its values is ever in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/data/box_rules.h"
#include "engine/data/decode_picture.h"

namespace sleight {

struct CocoImage {
  std::int64_t id = 0;
  std::string file_name;
  PictureSize size;  // 0 x 0 when the file does not state it
};

struct CocoObject {
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;
  FourNumbers numbers{};       // left, top, width, height
  std::optional<double> area;  // where the file states it
  bool is_crowd = false;
};

struct CocoCategory {
  std::int64_t id = 0;
  std::string name;
};

struct CocoAnnotations {
  std::vector<CocoImage> images;
  std::vector<CocoObject> objects;
  std::vector<CocoCategory> categories;
};

// The next bytes of the file, valid until the next call; empty at its end.
using NextPart = std::function<std::span<const std::byte>()>;

// Reads "images" (id, file_name, width, height), "annotations" (image_id, category_id, bbox, area, iscrowd) and
// "categories" (id, name) in any order and passes over everything else. Throws Error with the line for what is not
// JSON, and with the path inside the JSON for a value of the wrong shape ("annotations[3].bbox[1]: expected a number,
// found a string"), for a number that is missing or out of range, and for more than 64 levels.
CocoAnnotations parse_coco_annotations(const NextPart& next_part);

}  // namespace sleight

// COCO's annotation files ("instances_*.json"): what is read of them. The grammar: coco_json.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/annotations/coco_json.h"
#include "engine/data/detector/box_rules.h"
#include "engine/image/decode_image.h"

namespace sleight {

struct CocoImage {
  std::int64_t id = 0;
  std::string file_name;
  ImageSize size;  // 0 x 0 when the file does not state it
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

// Reads "images" (id, file_name, width, height), "annotations" (image_id, category_id, bbox, area, iscrowd) and
// "categories" (id, name) in any order and passes over everything else. Throws Error as read_coco_json does, and for a
// file without one of the three lists.
CocoAnnotations parse_coco_annotations(const NextPart& next_part);

}  // namespace sleight

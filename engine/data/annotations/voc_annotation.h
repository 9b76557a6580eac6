// One annotation file of Pascal VOC: XML, read by pugixml.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/data/detector/box_rules.h"
#include "engine/image/decode_image.h"

namespace sleight {

struct VocObject {
  std::string class_name;
  FourNumbers numbers{};  // xmin, ymin, xmax, ymax: pixels counted from 1, the last one included
  bool is_difficult = false;
};

struct VocAnnotation {
  std::string image_name;  // as <filename> states it; "" when it does not
  ImageSize size;          // 0 x 0 when the file does not state it
  std::vector<VocObject> objects;
  std::int64_t further_boxes = 0;  // a second <bndbox> of an object: passed over
  std::int64_t odd_difficult = 0;  // <difficult> that is neither a number nor true or false: taken as 0
};

// Larger ones are refused before parsing; real ones have a few kilobytes.
inline constexpr std::size_t maximum_voc_annotation_bytes = std::size_t{8} << 20;

// Takes <filename>, <size>, and of each <object> right below the root <name>, <difficult> (0 where it is missing) and <bndbox>;
// <part> and everything else is passed over. Entities that the file itself defines are never expanded. Throws Error for
// XML that is damaged or cut short, another root than <annotation>, a name that is not in UTF-8, and an object without a
// name or a box of four numbers, saying which object.
VocAnnotation parse_voc_annotation(std::span<const std::byte> file);

}  // namespace sleight

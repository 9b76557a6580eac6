#include "engine/data/annotations/voc_annotation.h"

#include <array>
#include <pugixml.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

double number_of(const pugi::xml_node& parent, const char* name) {
  const pugi::xml_node node = parent.child(name);
  check(!node.empty(), "its <", parent.name(), "> has no <", name, ">");
  const std::string_view text = node.text().get();
  const std::optional<double> number = parse_number(text);
  check(number.has_value(), "its <", name, "> is ", shown(text), ", which is not a number");
  return *number;
}

// Sizes are only believed when they can be true; see box_rules.h for the others.
std::int64_t side_of(const pugi::xml_node& size, const char* name) {
  const std::optional<std::int64_t> side = parse_whole_number(size.child(name).text().get());
  return side && *side > 0 && *side <= maximum_image_side ? *side : 0;
}

// 0 and 1, true and false; other words, which some programs write, are none of them.
std::optional<bool> flag_of(const pugi::xml_node& node) {
  const std::string_view text = trimmed(node.text().get());
  if (const std::optional<double> number = parse_number(text)) return *number != 0.0;
  if (text == "true" || text == "True" || text == "yes") return true;
  if (text.empty() || text == "false" || text == "False" || text == "no") return false;
  return std::nullopt;
}

VocObject parse_object(const pugi::xml_node& node, VocAnnotation& annotation) {
  VocObject object;
  object.class_name = node.child("name").text().get();
  check(!object.class_name.empty(), "it has no <name>");
  check(is_utf8(object.class_name), "its <name> ", shown(object.class_name),
        " is not in UTF-8. Save the annotations in UTF-8 (iconv -f gbk -t utf-8)");
  const pugi::xml_node box = node.child("bndbox");
  check(!box.empty(), "it has no <bndbox>; outlines and rotated boxes cannot be read. Export boxes, or remove it");
  object.numbers = {number_of(box, "xmin"), number_of(box, "ymin"), number_of(box, "xmax"), number_of(box, "ymax")};
  if (!box.next_sibling("bndbox").empty()) ++annotation.further_boxes;
  if (const pugi::xml_node difficult = node.child("difficult"); !difficult.empty()) {
    const std::optional<bool> flag = flag_of(difficult);
    if (!flag) ++annotation.odd_difficult;
    object.is_difficult = flag.value_or(false);
  }
  return object;
}

}  // namespace

VocAnnotation parse_voc_annotation(std::span<const std::byte> file) {
  check(file.size() <= maximum_voc_annotation_bytes, "the file has ", file.size(), " bytes; the limit is ",
        maximum_voc_annotation_bytes);
  pugi::xml_document document;
  const pugi::xml_parse_result result =
      document.load_buffer(file.data(), file.size(), pugi::parse_default | pugi::parse_trim_pcdata);
  check(static_cast<bool>(result), "damaged or cut short XML at byte ", result.offset, " of ", file.size(), ": ",
        result.description());
  const pugi::xml_node root = document.child("annotation");
  check(!root.empty(), "not an annotation of Pascal VOC: its root is ", shown(document.first_child().name()),
        ", not \"annotation\"",
        document.child("annotations").empty() ? "" : " (CVAT's own form?). Export them as COCO, Pascal VOC or YOLO");
  VocAnnotation annotation;
  annotation.image_name = root.child("filename").text().get();
  const pugi::xml_node size = root.child("size");
  annotation.size = {side_of(size, "height"), side_of(size, "width")};
  for (const pugi::xml_node& node : root.children("object"))
    with_context("object " + std::to_string(annotation.objects.size() + 1),
                 [&] { annotation.objects.push_back(parse_object(node, annotation)); });
  return annotation;
}

}  // namespace sleight

// The grammar of a detections file: what stands in it, before ids are looked up.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sleight {

struct NamedId {
  std::int64_t id = 0;
  std::string name;
  bool is_unreadable = false;  // of an image
};

struct ScoredBox {
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;
  std::array<double, 4> box{};  // x, y, width, height
  double score = 0.0;
};

struct DetectionsJson {
  std::vector<NamedId> images;      // names are "file_name"
  std::vector<NamedId> categories;  // names are "name"
  std::vector<ScoredBox> annotations;
  bool is_results = false;  // the file is a list of annotations, and nothing else
};

// Throws Error as detections_from_json says (engine/metrics/detections_file.h). Follows the grammar while the text is
// read: no document is built, so that memory goes with the entries and not with what a stranger nests around them.
DetectionsJson parse_detections_json(std::string_view text, const std::string& origin);

}  // namespace sleight

// The grammar of a detections file: its contents before ids are looked up.
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
  bool is_results = false;  // the file is only a list of annotations
};

// Throws Error as detections_from_json does (engine/metrics/detections_file.h). Follows the grammar while it reads the
// text, without building a document, so memory depends on the number of entries, not on the nesting around them.
DetectionsJson parse_detections_json(std::string_view text, const std::string& origin);

}  // namespace sleight

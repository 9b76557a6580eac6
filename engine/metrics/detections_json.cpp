#include "engine/metrics/detections_json.h"

#include <cmath>
#include <limits>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/annotations/coco_json.h"

namespace sleight {

namespace {

// Images are smaller than this, and products of four such numbers remain finite.
constexpr double largest_coordinate = 1e7;

constexpr std::array<CocoField, 9> fields = {{{CocoList::images, "id", CocoKind::whole_number},
                                              {CocoList::images, "file_name", CocoKind::text},
                                              {CocoList::images, "unreadable", CocoKind::flag, false},
                                              {CocoList::categories, "id", CocoKind::whole_number},
                                              {CocoList::categories, "name", CocoKind::text},
                                              {CocoList::annotations, "image_id", CocoKind::whole_number},
                                              {CocoList::annotations, "category_id", CocoKind::whole_number},
                                              {CocoList::annotations, "bbox", CocoKind::box},
                                              {CocoList::annotations, "score", CocoKind::number}}};

void check_box(const CocoEntry& entry) {
  const std::array<double, 4>& box = entry["bbox"].box;
  for (std::size_t i = 0; i < box.size(); ++i) {
    if (!(std::abs(box[i]) <= largest_coordinate)) fail(entry.path(), ".bbox holds ", box[i], ", beyond 1e7 pixels");
    if (i >= 2 && box[i] < 0.0)
      fail(entry.path(), ".bbox has the negative ", i == 2 ? "width " : "height ", box[i],
           "; it is [x, y, width, height]");
  }
}

}  // namespace

DetectionsJson parse_detections_json(std::string_view text, const std::string& origin) {
  return with_context(origin, [&] {
    DetectionsJson result;
    // Skips whatever is nested around the entries, without stack or memory.
    const CocoRules rules{
        .fields = fields, .maximum_depth = std::numeric_limits<std::size_t>::max(), .allows_results = true};
    const CocoLists lists = read_coco_json(text, rules, [&](const CocoEntry& entry) {
      switch (entry.list()) {
        case CocoList::images:
          return result.images.push_back(
              {entry["id"].whole, std::move(entry["file_name"].text), entry["unreadable"].whole != 0});
        case CocoList::categories:
          return result.categories.push_back({entry["id"].whole, std::move(entry["name"].text), false});
        case CocoList::annotations:
          break;
      }
      check_box(entry);
      result.annotations.push_back(
          {entry["image_id"].whole, entry["category_id"].whole, entry["bbox"].box, entry["score"].number});
    });
    check(lists.missing().empty(), "there is no \"", lists.missing(), "\"");
    result.is_results = lists.is_results;
    return result;
  });
}

}  // namespace sleight

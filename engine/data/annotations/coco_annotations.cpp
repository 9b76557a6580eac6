#include "engine/data/annotations/coco_annotations.h"

#include <array>
#include <utility>

#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr std::array<CocoField, 11> fields = {{{CocoList::images, "id", CocoKind::whole_number},
                                               {CocoList::images, "file_name", CocoKind::text},
                                               {CocoList::images, "width", CocoKind::whole_number, false},
                                               {CocoList::images, "height", CocoKind::whole_number, false},
                                               {CocoList::annotations, "bbox", CocoKind::box},
                                               {CocoList::annotations, "image_id", CocoKind::whole_number},
                                               {CocoList::annotations, "category_id", CocoKind::whole_number},
                                               {CocoList::annotations, "area", CocoKind::number, false},
                                               {CocoList::annotations, "iscrowd", CocoKind::zero_or_one, false},
                                               {CocoList::categories, "id", CocoKind::whole_number},
                                               {CocoList::categories, "name", CocoKind::text}}};

// 0 when it is not stated, or makes no sense.
std::int64_t side_of(const CocoValue& stated) {
  return stated.whole > 0 && stated.whole <= maximum_image_side ? stated.whole : 0;
}

}  // namespace

CocoAnnotations parse_coco_annotations(const NextPart& next_part) {
  CocoAnnotations result;
  const CocoLists lists = read_coco_json(next_part, {.fields = fields}, [&](const CocoEntry& entry) {
    switch (entry.list()) {
      case CocoList::images:
        return result.images.push_back({entry["id"].whole,
                                        std::move(entry["file_name"].text),
                                        {side_of(entry["height"]), side_of(entry["width"])}});
      case CocoList::categories:
        return result.categories.push_back({entry["id"].whole, std::move(entry["name"].text)});
      case CocoList::annotations:
        break;
    }
    const CocoValue& area = entry["area"];
    result.objects.push_back({entry["image_id"].whole, entry["category_id"].whole, entry["bbox"].box,
                              area.is_there ? std::optional(area.number) : std::nullopt, entry["iscrowd"].whole != 0});
  });
  check(lists.missing().empty(), "not an annotation file of COCO's form: its outermost object has no list \"",
        lists.missing(), "\"");
  return result;
}

}  // namespace sleight

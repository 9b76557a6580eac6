#include "engine/metrics/detection_groups.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/choice.h"
#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr std::array<Named<Treatment>, 3> treatments = {
    {{Treatment::ignored, "ignored"}, {Treatment::counted, "counted"}, {Treatment::left_out, "left-out"}}};
constexpr std::array<Named<PixelEdges>, 2> pixel_edges = {
    {{PixelEdges::continuous, "continuous"}, {PixelEdges::inclusive, "inclusive"}}};

bool is_finite(const Box& box) {
  return std::isfinite(box.left) && std::isfinite(box.top) && std::isfinite(box.right) && std::isfinite(box.bottom);
}

// Inclusive edges add one pixel to the right and below; after that, the rules for continuous boxes apply.
Box continuous(Box box, PixelEdges edges) {
  if (edges == PixelEdges::inclusive) {
    box.right += 1.0;
    box.bottom += 1.0;
  }
  return box;
}

void check_place(const char* what, std::size_t position, std::int64_t image, std::int32_t class_index,
                 const GroundTruth& truth) {
  check(image >= 0 && image < truth.images, what, " ", position, " is in image ", image, ", but there are ",
        truth.images, " images");
  check(class_index >= 0 && static_cast<std::size_t>(class_index) < truth.class_names.size(), what, " ", position,
        " has class ", class_index, ", but there are ", truth.class_names.size(), " classes");
}

// Positions sorted by class and image for all groups; `key` gives (class, image).
template <class Items, class Key>
std::vector<std::size_t> sorted_positions(const Items& items, const Key& key) {
  std::vector<std::size_t> order(items.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return key(items[i]); });
  return order;
}

using ClassAndImage = std::pair<std::int32_t, std::int64_t>;

ClassAndImage place_of(const TrueObject& object) {
  return {object.object.class_index, object.image};
}
ClassAndImage place_of(const Detection& detection) {
  return {detection.class_index, detection.image};
}

Treatment treatment_of(const ObjectBox& object, const MatchingOptions& options) {
  // An object that is both gets the stricter treatment of the two: one reason to leave it out or to ignore it is
  // enough.
  const Treatment as_difficult = object.is_difficult ? options.difficult : Treatment::counted;
  const Treatment as_crowd = object.is_crowd ? options.crowd : Treatment::counted;
  if (as_difficult == Treatment::left_out || as_crowd == Treatment::left_out) return Treatment::left_out;
  if (as_difficult == Treatment::ignored || as_crowd == Treatment::ignored) return Treatment::ignored;
  return Treatment::counted;
}

}  // namespace

Treatment parse_treatment(const std::string& name) {
  return parse_choice(treatments, "the way to treat objects", name);
}

PixelEdges parse_pixel_edges(const std::string& name) {
  return parse_choice(pixel_edges, "the kind of pixel edges", name);
}

std::string name_of(Treatment treatment) {
  return name_in(treatments, treatment);
}

std::string name_of(PixelEdges edges) {
  return name_in(pixel_edges, edges);
}

std::vector<ClassGroups> group_detections(const GroundTruth& truth, std::span<const Detection> detections,
                                          const MatchingOptions& options) {
  for (std::size_t i = 0; i < truth.objects.size(); ++i) {
    const TrueObject& object = truth.objects[i];
    check_place("object", i, object.image, object.object.class_index, truth);
    check(is_finite(object.object.box) && std::isfinite(object.object.outline_area.value_or(0.0)), "object ", i,
          " of image ", object.image, " has a box or an area that is not finite");
  }
  for (std::size_t i = 0; i < detections.size(); ++i) {
    const Detection& detection = detections[i];
    check_place("detection", i, detection.image, detection.class_index, truth);
    check(!std::isnan(detection.score), "detection ", i, " in image ", detection.image,
          " has the score NaN, which has no place in any order; the network's output is damaged");
    check(is_finite(detection.box), "detection ", i, " in image ", detection.image,
          " has a box that is not finite; the network's output is damaged");
  }

  std::vector<ClassGroups> classes(truth.class_names.size());
  const auto group_at = [&](const ClassAndImage& place) -> DetectionGroup& {
    std::vector<DetectionGroup>& groups = classes[place.first].groups;
    const auto found = std::ranges::lower_bound(groups, place.second, {}, &DetectionGroup::image);
    if (found != groups.end() && found->image == place.second) return *found;
    return *groups.insert(found, {place.second, {}, {}});
  };
  // Both lists are sorted, so almost every new group is appended at the end.
  const auto in_order = [](const auto& items) {
    return sorted_positions(items, [](const auto& item) { return place_of(item); });
  };
  const std::vector<std::size_t> object_order = in_order(truth.objects), detection_order = in_order(detections);
  std::vector<ClassAndImage> places;
  places.reserve(object_order.size() + detection_order.size());
  std::ranges::transform(object_order, std::back_inserter(places), [&](auto i) { return place_of(truth.objects[i]); });
  std::ranges::transform(detection_order, std::back_inserter(places), [&](auto i) { return place_of(detections[i]); });
  std::ranges::sort(places);
  for (const ClassAndImage& place : places)
    group_at(place);

  for (const std::size_t i : object_order) {
    const ObjectBox& object = truth.objects[i].object;
    const Treatment treatment = treatment_of(object, options);
    if (treatment == Treatment::left_out) continue;
    const Box box = continuous(object.box, options.edges);
    group_at(place_of(truth.objects[i]))
        .objects.push_back({.box = box,
                            .area = object.outline_area.value_or(box.area()),
                            .is_ignored = treatment == Treatment::ignored,
                            .is_crowd = object.is_crowd && options.crowd == Treatment::ignored,
                            .position = i});
    if (treatment == Treatment::counted) ++classes[object.class_index].objects;
  }
  for (const std::size_t i : detection_order) {
    const Box box = continuous(detections[i].box, options.edges);
    group_at(place_of(detections[i])).detections.push_back({box, detections[i].score, box.area(), i});
    ++classes[detections[i].class_index].detections;
  }
  for (ClassGroups& one_class : classes) {
    for (DetectionGroup& group : one_class.groups)
      std::ranges::stable_sort(group.detections, std::ranges::greater{}, &RankedDetection::score);
  }
  return classes;
}

double overlap(const RankedDetection& detection, const MatchableObject& object) {
  const double shared = intersection(detection.box, object.box).area();
  if (!(shared > 0.0)) return 0.0;
  const double detection_area = detection.box.area();
  return shared / (object.is_crowd ? detection_area : detection_area + object.box.area() - shared);
}

}  // namespace sleight

// Which detections are right: the rules of Pascal VOC and of COCO. They differ, and so do the metrics built on them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "engine/metrics/detection_groups.h"

namespace sleight {

enum class Verdict : std::uint8_t {
  true_positive,
  false_positive,
  ignored,  // neither: it found something that it was not expected to find
};

// The objects that count for a metric by their area in square pixels, both ends included; the others are ignored.
struct AreaRange {
  double smallest = 0.0;
  double largest = std::numeric_limits<double>::infinity();

  constexpr bool contains(double area) const { return area >= smallest && area <= largest; }
};

// Both go through the detections of a group from the best score to the worst. An object is found when the overlap is at
// least the threshold (in (0, 1]).

// VOCevaldet of the VOC development kit: a detection belongs to the object it overlaps most (the first of equals),
// found already or not. That object decides: ignored, found now, or found before, and then this one is false. Crowds,
// which the kit does not know, only excuse what would be false: a detection inside a crowd is ignored then.
struct VocMatch {
  Verdict verdict = Verdict::false_positive;
  std::size_t object = 0;  // of a true positive: position in DetectionGroup::objects
};
std::vector<VocMatch> match_voc(const DetectionGroup& group, double threshold);

// evaluateImg of pycocotools: a detection takes the object it overlaps most among those not found yet (the last of
// equals); an ignored object only when no other will do. What finds nothing is ignored if its own area is out of range,
// else false. Crowds are found any number of times.
class CocoMatcher {
 public:
  // Of the group's detections the best `most_detections`. The group must outlive the matcher.
  CocoMatcher(const DetectionGroup& group, std::size_t most_detections, const AreaRange& range);

  // Valid until the next call.
  std::span<const Verdict> match(double threshold);
  // Not ignored, with an area in range.
  std::int64_t counted_objects() const { return counted_objects_; }

 private:
  const DetectionGroup& group_;
  AreaRange range_;
  std::size_t detections_;
  std::int64_t counted_objects_ = 0;
  std::vector<std::size_t> order_;  // of the objects: those that count first
  std::vector<double> overlaps_;    // [detections_, objects], objects in `order_`
  std::vector<bool> found_;
  std::vector<Verdict> verdicts_;
};

}  // namespace sleight

// Which detections are right, by the rules of Pascal VOC and of COCO. The rules differ, and so do their metrics.
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
  ignored,  // neither: it matches an object that it was not expected to find
};

// The objects that count for a metric, by area in square pixels, both ends included; the others are ignored.
struct AreaRange {
  double smallest = 0.0;
  double largest = std::numeric_limits<double>::infinity();

  constexpr bool contains(double area) const { return area >= smallest && area <= largest; }
};

// Both visit the detections of a group from the best score to the worst. An object is found if the overlap is at least
// the threshold (in (0, 1]).

// VOCevaldet of the VOC development kit: a detection belongs to the object that it overlaps most (the first of equals),
// matched already or not. That object decides the verdict: ignored, found now, or found before, which makes the
// detection false. The kit has no crowds; here they only excuse what would be false: such a detection inside a crowd is
// ignored.
struct VocMatch {
  Verdict verdict = Verdict::false_positive;
  std::size_t object = 0;  // of a true positive: position in DetectionGroup::objects
};
std::vector<VocMatch> match_voc(const DetectionGroup& group, double threshold);

// evaluateImg of pycocotools: a detection takes the object that it overlaps most among those not matched yet (the last
// of equals), an ignored object only if no other qualifies. An unmatched detection is ignored if its own area is out of
// range, else false. A crowd may match any number of times.
class CocoMatcher {
 public:
  // Uses the group's best `most_detections` detections. The group must outlive the matcher.
  CocoMatcher(const DetectionGroup& group, std::size_t most_detections, const AreaRange& range);

  // Valid until the next call.
  std::span<const Verdict> match(double threshold);
  // The number of objects that are not ignored and have an area in range.
  std::int64_t counted_objects() const { return counted_objects_; }

 private:
  const DetectionGroup& group_;
  AreaRange range_;
  std::size_t detections_;
  std::int64_t counted_objects_ = 0;
  std::vector<std::size_t> order_;  // of the objects: those that count come first
  std::vector<double> overlaps_;    // [detections_, objects], objects in `order_`
  std::vector<bool> found_;
  std::vector<Verdict> verdicts_;
};

}  // namespace sleight

#include "engine/metrics/match_detections.h"

#include <algorithm>

namespace sleight {

std::vector<VocMatch> match_voc(const DetectionGroup& group, double threshold) {
  std::vector<bool> found(group.objects.size(), false);
  std::vector<VocMatch> matches;
  matches.reserve(group.detections.size());
  for (const RankedDetection& detection : group.detections) {
    std::size_t best = 0;
    double best_overlap = 0.0;
    bool is_in_crowd = false;
    for (std::size_t i = 0; i < group.objects.size(); ++i) {
      const double shared = overlap(detection, group.objects[i]);
      if (group.objects[i].is_crowd) {
        is_in_crowd = is_in_crowd || shared >= threshold;
      } else if (shared > best_overlap) {
        best = i;
        best_overlap = shared;
      }
    }
    Verdict verdict = Verdict::false_positive;
    if (best_overlap >= threshold) {
      if (group.objects[best].is_ignored) {
        verdict = Verdict::ignored;
      } else if (!found[best]) {
        verdict = Verdict::true_positive;
        found[best] = true;
      }
    }
    if (verdict == Verdict::false_positive && is_in_crowd) verdict = Verdict::ignored;
    matches.push_back({verdict, best});
  }
  return matches;
}

CocoMatcher::CocoMatcher(const DetectionGroup& group, std::size_t most_detections, const AreaRange& range)
    : group_(group), range_(range), detections_(std::min(most_detections, group.detections.size())) {
  const auto counts = [&](std::size_t i) {
    return !group.objects[i].is_ignored && range.contains(group.objects[i].area);
  };
  for (std::size_t i = 0; i < group.objects.size(); ++i)
    if (counts(i)) order_.push_back(i);
  counted_objects_ = static_cast<std::int64_t>(order_.size());
  for (std::size_t i = 0; i < group.objects.size(); ++i)
    if (!counts(i)) order_.push_back(i);
  overlaps_.reserve(detections_ * order_.size());
  for (std::size_t d = 0; d < detections_; ++d) {
    for (const std::size_t i : order_)
      overlaps_.push_back(overlap(group.detections[d], group.objects[i]));
  }
}

std::span<const Verdict> CocoMatcher::match(double threshold) {
  found_.assign(order_.size(), false);
  verdicts_.clear();
  const auto counted = static_cast<std::size_t>(counted_objects_);
  for (std::size_t d = 0; d < detections_; ++d) {
    const double* overlaps = overlaps_.data() + d * order_.size();
    const std::size_t none = order_.size();
    // At a threshold of 1, rounding must not decide whether two equal boxes are equal.
    double best_overlap = std::min(threshold, 1.0 - 1e-10);
    std::size_t best = none;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (i == counted && best != none) break;
      if (found_[i] && !group_.objects[order_[i]].is_crowd) continue;
      if (!(overlaps[i] >= best_overlap)) continue;
      best_overlap = overlaps[i];
      best = i;
    }
    if (best != none) {
      found_[best] = true;
      verdicts_.push_back(best < counted ? Verdict::true_positive : Verdict::ignored);
    } else {
      verdicts_.push_back(range_.contains(group_.detections[d].area) ? Verdict::false_positive : Verdict::ignored);
    }
  }
  return verdicts_;
}

}  // namespace sleight

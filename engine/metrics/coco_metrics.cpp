#include <algorithm>
#include <array>

#include "engine/metrics/detection_metrics.h"

namespace sleight {

namespace {

constexpr std::size_t thresholds = 10;
constexpr std::size_t most_detections = 100;
constexpr std::size_t threshold_75 = 5;

// 0.5, 0.55, ..., 0.95 with the bits of numpy.linspace(0.5, 0.95, 10): a detection that overlaps by exactly the
// threshold must get the same verdict here as in pycocotools.
double threshold_at(std::size_t i) {
  return i + 1 == thresholds ? 0.95 : 0.5 + static_cast<double>(i) * ((0.95 - 0.5) / 9.0);
}

enum Size : std::size_t { all, small, medium, large, sizes };
constexpr double largest_area = 1e5 * 1e5;
constexpr std::array<AreaRange, sizes> size_ranges = {
    {{0.0, largest_area}, {0.0, 32.0 * 32.0}, {32.0 * 32.0, 96.0 * 96.0}, {96.0 * 96.0, largest_area}}};

// The mean over thresholds of one class; empty without objects.
struct Means {
  std::optional<double> precision, precision_50, precision_75;
  std::optional<double> recall_1, recall_10, recall_100;
};

double share(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

Means means_of(const ClassGroups& one_class, const AreaRange& range) {
  std::array<std::vector<ScoredVerdict>, thresholds> verdicts;
  std::array<std::int64_t, thresholds> found_1{}, found_10{};
  std::int64_t objects = 0;
  for (const DetectionGroup& group : one_class.groups) {
    CocoMatcher matcher(group, most_detections, range);
    objects += matcher.counted_objects();
    for (std::size_t t = 0; t < thresholds; ++t) {
      const std::span<const Verdict> found = matcher.match(threshold_at(t));
      for (std::size_t i = 0; i < found.size(); ++i) {
        verdicts[t].push_back({group.detections[i].score, found[i]});
        if (found[i] != Verdict::true_positive) continue;
        if (i < 1) ++found_1[t];
        if (i < 10) ++found_10[t];
      }
    }
  }
  if (objects == 0) return {};
  Means means{
      .precision = 0.0, .precision_50 = 0.0, .precision_75 = 0.0, .recall_1 = 0.0, .recall_10 = 0.0, .recall_100 = 0.0};
  for (std::size_t t = 0; t < thresholds; ++t) {
    const PrecisionRecallCurve curve = precision_recall_curve(std::move(verdicts[t]), objects);
    const double precision = coco_average_precision(curve);
    if (t == 0) means.precision_50 = precision;
    if (t == threshold_75) means.precision_75 = precision;
    *means.precision += precision;
    *means.recall_1 += share(found_1[t], objects);
    *means.recall_10 += share(found_10[t], objects);
    *means.recall_100 += share(curve.points.empty() ? 0 : curve.points.back().true_positives, objects);
  }
  for (std::optional<double>* sum : {&means.precision, &means.recall_1, &means.recall_10, &means.recall_100})
    **sum /= thresholds;
  return means;
}

CocoNumbers numbers_of(const ClassGroups& one_class) {
  std::array<Means, sizes> by_size;
  std::ranges::transform(size_ranges, by_size.begin(),
                         [&](const AreaRange& range) { return means_of(one_class, range); });
  return {.average_precision = by_size[all].precision,
          .average_precision_50 = by_size[all].precision_50,
          .average_precision_75 = by_size[all].precision_75,
          .average_precision_small = by_size[small].precision,
          .average_precision_medium = by_size[medium].precision,
          .average_precision_large = by_size[large].precision,
          .average_recall_1 = by_size[all].recall_1,
          .average_recall_10 = by_size[all].recall_10,
          .average_recall_100 = by_size[all].recall_100,
          .average_recall_small = by_size[small].recall_100,
          .average_recall_medium = by_size[medium].recall_100,
          .average_recall_large = by_size[large].recall_100};
}

}  // namespace

CocoMetrics coco_metrics(const GroundTruth& truth, std::span<const Detection> detections,
                         const MatchingOptions& options) {
  CocoMetrics metrics;
  for (const ClassGroups& one_class : group_detections(truth, detections, options))
    metrics.classes.push_back({one_class.objects, one_class.detections, numbers_of(one_class)});
  for (const CocoNumber& number : coco_numbers) {
    double sum = 0.0;
    std::int64_t count = 0;
    for (const CocoClass& one : metrics.classes) {
      const std::optional<double>& value = one.numbers.*number.member;
      if (!value) continue;
      sum += *value;
      ++count;
    }
    if (count > 0) metrics.numbers.*number.member = sum / static_cast<double>(count);
  }
  return metrics;
}

}  // namespace sleight

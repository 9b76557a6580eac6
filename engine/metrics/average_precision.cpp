#include "engine/metrics/average_precision.h"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>

#include "engine/base/choice.h"
#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr int voc_steps = 10;
constexpr int coco_steps = 100;

constexpr std::array<Named<RecallLevels>, 2> recall_levels = {
    {{RecallLevels::exact, "exact"}, {RecallLevels::rounded, "rounded"}}};

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

std::vector<double> PrecisionRecallCurve::envelope() const {
  std::vector<double> best(points.size());
  double highest = 0.0;
  for (std::size_t i = points.size(); i-- > 0;) {
    highest = std::max(highest, points[i].precision());
    best[i] = highest;
  }
  return best;
}

std::vector<double> PrecisionRecallCurve::precision_at(std::span<const double> levels) const {
  const std::vector<double> best = envelope();
  std::vector<double> precisions;
  precisions.reserve(levels.size());
  std::size_t i = 0;
  for (const double level : levels) {
    while (i < points.size() && !(points[i].recall(objects) >= level))
      ++i;
    precisions.push_back(i < points.size() ? best[i] : 0.0);
  }
  return precisions;
}

PrecisionRecallCurve precision_recall_curve(std::vector<ScoredVerdict> verdicts, std::int64_t objects) {
  std::erase_if(verdicts, [](const ScoredVerdict& one) { return one.verdict == Verdict::ignored; });
  std::ranges::stable_sort(verdicts, std::greater{}, &ScoredVerdict::score);
  PrecisionRecallCurve curve{.objects = objects, .points = {}};
  curve.points.reserve(verdicts.size());
  CurvePoint point;
  for (const ScoredVerdict& one : verdicts) {
    point.score = one.score;
    ++(one.verdict == Verdict::true_positive ? point.true_positives : point.false_positives);
    curve.points.push_back(point);
  }
  return curve;
}

RecallLevels parse_recall_levels(const std::string& name) {
  return parse_choice(recall_levels, "the kind of recall levels", name);
}

std::string name_of(RecallLevels levels) {
  return name_in(recall_levels, levels);
}

double voc_eleven_point_average_precision(const PrecisionRecallCurve& curve, RecallLevels levels) {
  const std::vector<double> best = curve.envelope();
  double sum = 0.0;
  for (int step = 0; step <= voc_steps; ++step) {
    const auto reached = std::ranges::find_if(curve.points, [&](const CurvePoint& point) {
      if (levels == RecallLevels::exact) return voc_steps * point.true_positives >= step * curve.objects;
      return point.recall(curve.objects) >= step * 0.1;
    });
    if (reached != curve.points.end()) sum += best[reached - curve.points.begin()];
  }
  return sum / (voc_steps + 1);
}

double voc_all_point_average_precision(const PrecisionRecallCurve& curve) {
  const std::vector<double> best = curve.envelope();
  double area = 0.0;
  double recall = 0.0;
  for (std::size_t i = 0; i < curve.points.size(); ++i) {
    const double next = curve.points[i].recall(curve.objects);
    area += (next - recall) * best[i];
    recall = next;
  }
  return area;
}

double coco_average_precision(const PrecisionRecallCurve& curve) {
  std::vector<double> levels(coco_steps + 1);
  for (int step = 0; step <= coco_steps; ++step)
    levels[step] = step * 0.01;
  return mean(curve.precision_at(levels));
}

}  // namespace sleight

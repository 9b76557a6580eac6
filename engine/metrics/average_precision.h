// From verdicts to curves, and from curves to one number, by the three methods in use.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/metrics/match_detections.h"

namespace sleight {

// A detection's verdict, and the score by which it is ranked.
struct ScoredVerdict {
  double score = 0.0;
  Verdict verdict = Verdict::false_positive;
};

// The counts after all detections with at least `score`.
struct CurvePoint {
  double score = 0.0;
  std::int64_t true_positives = 0;
  std::int64_t false_positives = 0;

  double precision() const {
    return static_cast<double>(true_positives) / static_cast<double>(true_positives + false_positives);
  }
  double recall(std::int64_t objects) const {
    return static_cast<double>(true_positives) / static_cast<double>(objects);
  }
};

// Precision and recall of one class as the score decreases: one point for each detection that is not ignored.
struct PrecisionRecallCurve {
  std::int64_t objects = 0;  // that count
  std::vector<CurvePoint> points;

  // The best precision at this recall or a larger one, for each point: the monotone envelope.
  std::vector<double> envelope() const;
  // The envelope where a recall of `level` is reached first; 0 if it is never reached. Levels must increase.
  std::vector<double> precision_at(std::span<const double> levels) const;
};

// Takes verdicts in any fixed order: the order of equal scores is kept.
PrecisionRecallCurve precision_recall_curve(std::vector<ScoredVerdict> verdicts, std::int64_t objects);

// How VOC's eleven levels 0, 0.1, ..., 1 decide "recall >= 0.3".
enum class RecallLevels : std::uint8_t {
  exact,    // 10 * true positives >= 3 * objects
  rounded,  // true positives / objects >= 3 * 0.1, in float64: 3 * 0.1 is above 0.3, so 3 of 10 objects do not reach
            // it
};
RecallLevels parse_recall_levels(const std::string& name);  // throws Error naming the choices
std::string name_of(RecallLevels levels);

// The average precision of a class with at least one object; 0 to 1.

// PASCAL VOC until 2009: the mean of the envelope at eleven levels of recall.
double voc_eleven_point_average_precision(const PrecisionRecallCurve& curve, RecallLevels levels);
// PASCAL VOC from 2010 on: the area under the envelope.
double voc_all_point_average_precision(const PrecisionRecallCurve& curve);
// COCO: the mean of the envelope at 101 levels of recall.
double coco_average_precision(const PrecisionRecallCurve& curve);

}  // namespace sleight

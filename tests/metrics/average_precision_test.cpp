#include "engine/metrics/average_precision.h"

#include <cmath>

#include "catch2_adapter.h"

namespace sleight {

namespace {

constexpr Verdict hit = Verdict::true_positive, miss = Verdict::false_positive;

}  // namespace

TEST_CASE("a curve has one point for each detection that is not ignored, the surest first") {
  const PrecisionRecallCurve curve =
      precision_recall_curve({{0.5, hit}, {0.7, Verdict::ignored}, {0.9, hit}, {0.6, miss}, {0.6, hit}}, 4);
  REQUIRE(curve.points.size() == 4);
  const std::vector<double> scores = {0.9, 0.6, 0.6, 0.5};
  const std::vector<double> precisions = {1.0, 1.0 / 2, 2.0 / 3, 3.0 / 4};
  const std::vector<double> recalls = {0.25, 0.25, 0.5, 0.75};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(curve.points[i].score == scores[i]);
    CHECK(curve.points[i].precision() == precisions[i]);
    CHECK(curve.points[i].recall(curve.objects) == recalls[i]);
  }
  CHECK(curve.envelope() == std::vector<double>{1.0, 0.75, 0.75, 0.75});
  const std::vector<double> levels = {0.0, 0.25, 0.26, 0.5, 0.75, 0.76, 1.0};
  CHECK(curve.precision_at(levels) == std::vector<double>{1.0, 1.0, 0.75, 0.75, 0.75, 0.0, 0.0});
}

TEST_CASE("three averages of one curve") {
  // Precision 1 up to a recall of 1/4, then 3/4 up to 3/4.
  const PrecisionRecallCurve curve = precision_recall_curve({{0.9, hit}, {0.8, miss}, {0.7, hit}, {0.6, hit}}, 4);
  // Levels 0, 0.1, 0.2, then 0.3 to 0.7.
  CHECK(std::abs(voc_eleven_point_average_precision(curve, RecallLevels::exact) - (3.0 + 5 * 0.75) / 11) <= 1e-15);
  CHECK(std::abs(voc_all_point_average_precision(curve) - (0.25 + 0.5 * 0.75)) <= 1e-15);
  // Levels 0 to 0.25, then 0.26 to 0.75.
  CHECK(std::abs(coco_average_precision(curve) - (26.0 + 50 * 0.75) / 101) <= 1e-15);
}

TEST_CASE("a curve without points has the average precision 0") {
  const PrecisionRecallCurve curve = precision_recall_curve({{0.7, Verdict::ignored}}, 4);
  CHECK(curve.points.empty());
  CHECK(voc_eleven_point_average_precision(curve, RecallLevels::exact) == 0.0);
  CHECK(voc_eleven_point_average_precision(curve, RecallLevels::rounded) == 0.0);
  CHECK(voc_all_point_average_precision(curve) == 0.0);
  CHECK(coco_average_precision(curve) == 0.0);
}

}  // namespace sleight

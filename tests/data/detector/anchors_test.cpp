// Anchors: the distance, the search, and what it refuses.
#include "engine/data/detector/anchors.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "catch2_adapter.h"
#include "engine/value/random.h"
#include "tests/base/error_message.h"

namespace sleight {

namespace {

// `each` boxes around every size, off by up to 5% in width and in height.
std::vector<BoxSize> clusters(const std::vector<BoxSize>& sizes, int each, std::uint64_t seed) {
  RandomStream random(seed, RandomPurpose::test);
  std::vector<BoxSize> boxes;
  for (int i = 0; i < each; ++i) {
    for (const BoxSize& size : sizes)
      boxes.push_back({size.width * random.uniform(0.95, 1.05), size.height * random.uniform(0.95, 1.05)});
  }
  return boxes;
}

const std::vector<BoxSize> nine = {{10, 13},  {16, 30},  {33, 23},   {30, 61},  {62, 45},
                                   {59, 119}, {116, 90}, {156, 198}, {373, 326}};

}  // namespace

TEST_CASE("anchors: IoU of boxes around one center") {
  CHECK(centered_intersection_over_union({10, 20}, {10, 20}) == 1.0);
  CHECK(centered_intersection_over_union({10, 20}, {20, 10}) == Approx(100.0 / 300.0));
  CHECK(centered_intersection_over_union({4, 4}, {2, 2}) == 0.25);
  CHECK(centered_intersection_over_union({4, 4}, {0, 2}) == 0.0);
  CHECK(centered_intersection_over_union({0, 0}, {0, 0}) == 0.0);
}

TEST_CASE("anchors: sizes that stand apart are found, smallest first") {
  const std::vector<BoxSize> boxes = clusters(nine, 40, 3);
  const AnchorSearch found = find_anchors(boxes);
  REQUIRE(found.anchors.size() == 9);
  REQUIRE(found.boxes_of_anchor.size() == 9);
  for (std::size_t i = 0; i < 9; ++i) {
    CAPTURE(i);
    CHECK(found.boxes_of_anchor[i] == 40);
    CHECK(std::abs(found.anchors[i].width / nine[i].width - 1.0) <= 0.02);
    CHECK(std::abs(found.anchors[i].height / nine[i].height - 1.0) <= 0.02);
  }
  CHECK(found.mean_intersection_over_union == Approx(mean_best_intersection_over_union(boxes, found.anchors)));
  CHECK(found.mean_intersection_over_union > 0.93);
  CHECK(found.iterations >= 1);
}

TEST_CASE("anchors: a size counts by its shape and not by its pixels") {
  // By Euclidean distance both anchors would go to the two large sizes.
  std::vector<BoxSize> boxes;
  for (int i = 0; i < 50; ++i) {
    boxes.push_back({8, 8});
    boxes.push_back({300, 300});
    boxes.push_back({340, 340});
  }
  const AnchorSearch found = find_anchors(boxes, {.count = 2});
  CHECK(found.anchors[0] == BoxSize{8, 8});
  CHECK(found.anchors[1].width >= 300);
  CHECK(found.anchors[1].width <= 340);
  CHECK(found.anchors[1].width == found.anchors[1].height);
}

TEST_CASE("anchors: more anchors never fit worse, and as many as sizes fit all") {
  RandomStream random(5, RandomPurpose::test);
  std::vector<BoxSize> boxes;
  for (int i = 0; i < 300; ++i)
    boxes.push_back({std::exp(random.uniform(1.0, 6.0)), std::exp(random.uniform(1.0, 6.0))});
  double before = 0.0;
  for (const std::int64_t count : {1, 2, 3, 6, 9, 20}) {
    const AnchorSearch found = find_anchors(boxes, {.count = count});
    CAPTURE(count, found.mean_intersection_over_union);
    CHECK(found.mean_intersection_over_union > before);
    before = found.mean_intersection_over_union;
    CHECK(std::is_sorted(found.anchors.begin(), found.anchors.end(),
                         [](const BoxSize& a, const BoxSize& b) { return a.area() < b.area(); }));
    std::int64_t owned = 0;
    for (const std::int64_t own : found.boxes_of_anchor)
      owned += own;
    CHECK(owned == 300);
  }
  const std::vector<BoxSize> few(boxes.begin(), boxes.begin() + 7);
  CHECK(find_anchors(few, {.count = 7}).mean_intersection_over_union == 1.0);
}

TEST_CASE("anchors: the same seed gives the same bits, and the search is better than its starts alone") {
  const std::vector<BoxSize> boxes = clusters(nine, 11, 9);
  const AnchorSearch first = find_anchors(boxes, {.count = 5, .seed = 4});
  const AnchorSearch second = find_anchors(boxes, {.count = 5, .seed = 4});
  CHECK(first.anchors == second.anchors);
  CHECK(first.mean_intersection_over_union == second.mean_intersection_over_union);
  const AnchorSearch no_rounds = find_anchors(boxes, {.count = 5, .seed = 4, .starts = 1, .maximum_iterations = 1});
  CHECK(first.mean_intersection_over_union > no_rounds.mean_intersection_over_union);
}

TEST_CASE("anchors: boxes without area and too few different ones are errors") {
  const auto message = [](const std::vector<BoxSize>& boxes, std::int64_t count) {
    return error_message([&] { find_anchors(boxes, {.count = count}); });
  };
  CHECK(contains(message({{3, 4}, {0, 5}}, 1), "box 1 is 0 x 5"));
  CHECK(contains(message({{3, std::numeric_limits<double>::quiet_NaN()}}, 1), "box 0 is 3 x nan"));
  CHECK(contains(message({{3, std::numeric_limits<double>::infinity()}}, 1), "box 0"));
  CHECK(contains(message({{3, 4}, {3, 4}, {4, 3}}, 3), "3 boxes of 2 different sizes: too few for 3"));
  CHECK(contains(message({}, 1), "0 boxes"));
  CHECK(contains(message({{3, 4}}, 0), "at least one anchor"));
}

}  // namespace sleight

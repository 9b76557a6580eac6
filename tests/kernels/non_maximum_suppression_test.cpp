#include "kernels/non_maximum_suppression.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "engine/value/random.h"
#include "tests/golden/golden.h"
#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

struct SuppressionCase {
  std::int64_t batch = 1;
  std::int64_t places = 0;
  std::int64_t classes = 1;
  double score_threshold = 0.01;
  double overlap_threshold = 0.45;
  std::int32_t candidates = 400;
  std::int32_t detections = 100;
  std::vector<float> boxes;
  std::vector<float> scores;
};

// The rows of the detections, then the counts.
template <class Device>
std::vector<double> run_suppression(Device device, const SuppressionCase& c) {
  GuardedBuffer<float> boxes(c.boxes, "boxes");
  GuardedBuffer<float> scores(c.scores, "scores");
  GuardedBuffer<float> found(static_cast<std::size_t>(c.batch * c.detections * 6), "found");
  GuardedBuffer<std::int32_t> counts(static_cast<std::size_t>(c.batch), "counts");
  kernels::NonMaximumSuppression suppression;
  suppression.boxes = boxes.data();
  suppression.scores = scores.data();
  suppression.batch = c.batch;
  suppression.places = c.places;
  suppression.classes = c.classes;
  suppression.score_threshold = c.score_threshold;
  suppression.overlap_threshold = c.overlap_threshold;
  suppression.candidates = c.candidates;
  suppression.detections = c.detections;
  suppression.found = found.data();
  suppression.counts = counts.data();
  non_maximum_suppression(device, suppression);
  std::vector<double> values = numbers(found);
  const std::vector<double> more = numbers(counts);
  values.insert(values.end(), more.begin(), more.end());
  return values;
}

// The contract with lists: every candidate is written down and sorted.
std::vector<double> reference(const SuppressionCase& c) {
  std::vector<double> rows, counts;
  for (std::int64_t n = 0; n < c.batch; ++n) {
    const auto box_of = [&](std::int64_t place) { return c.boxes.data() + (n * c.places + place) * 4; };
    std::vector<std::tuple<double, std::int64_t, std::int64_t>> list;
    for (std::int64_t place = 0; place < c.places; ++place) {
      const float* box = box_of(place);
      if (!std::all_of(box, box + 4, [](float corner) { return std::isfinite(corner); })) continue;
      for (std::int64_t k = 0; k < c.classes; ++k) {
        const float score = c.scores[static_cast<std::size_t>((n * c.places + place) * c.classes + k)];
        if (score > static_cast<float>(c.score_threshold)) list.emplace_back(-double{score}, k, place);
      }
    }
    std::sort(list.begin(), list.end());
    list.resize(std::min(list.size(), static_cast<std::size_t>(c.candidates)));
    std::vector<std::pair<std::int64_t, std::int64_t>> kept;
    for (const auto& [negative_score, k, place] : list) {
      if (kept.size() == static_cast<std::size_t>(c.detections)) break;
      const float* b = box_of(place);
      bool suppressed = false;
      for (const auto& [other_class, other_place] : kept) {
        const float* a = box_of(other_place);
        const double width = std::min<double>(a[2], b[2]) - std::max<double>(a[0], b[0]);
        const double height = std::min<double>(a[3], b[3]) - std::max<double>(a[1], b[1]);
        const double shared = std::max(width, 0.0) * std::max(height, 0.0);
        const double area_a = (double{a[2]} - a[0]) * (double{a[3]} - a[1]);
        const double area_b = (double{b[2]} - b[0]) * (double{b[3]} - b[1]);
        suppressed |= other_class == k && shared / (area_a + area_b - shared) > c.overlap_threshold;
      }
      if (suppressed) continue;
      kept.emplace_back(k, place);
      rows.insert(rows.end(), {static_cast<double>(k), -negative_score, b[0], b[1], b[2], b[3]});
    }
    counts.push_back(static_cast<double>(kept.size()));
    for (std::size_t unused = kept.size(); unused < static_cast<std::size_t>(c.detections); ++unused)
      rows.insert(rows.end(), {-1, 0, 0, 0, 0, 0});
  }
  rows.insert(rows.end(), counts.begin(), counts.end());
  return rows;
}

void require_reference(const SuppressionCase& c) {
  const std::vector<double> expected = reference(c);
  for (const DeviceResult& result : on_every_device<float>([&](auto device) { return run_suppression(device, c); })) {
    INFO(result.device << ", " << c.places << " places, " << c.classes << " classes");
    REQUIRE(result.values.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      INFO("number " << i % 6 << " of row " << i / 6);
      REQUIRE(result.values[i] == expected[i]);
    }
  }
}

SuppressionCase random_case(std::int64_t batch, std::int64_t places, std::int64_t classes, double largest_score,
                            std::int64_t levels = 0) {
  RandomStream random(3, RandomPurpose::test, static_cast<std::uint64_t>(places), static_cast<std::uint64_t>(classes));
  SuppressionCase c;
  c.batch = batch;
  c.places = places;
  c.classes = classes;
  for (std::int64_t i = 0; i < batch * places; ++i) {
    const double left = random.uniform(0.0, 60.0);
    const double top = random.uniform(0.0, 60.0);
    for (const double corner : {left, top, left + random.uniform(2.0, 12.0), top + random.uniform(2.0, 12.0)})
      c.boxes.push_back(static_cast<float>(corner));
    for (std::int64_t k = 0; k < classes; ++k)
      c.scores.push_back(
          static_cast<float>(levels == 0 ? random.uniform(0.0, largest_score)
                                         : static_cast<double>(random.below(levels)) / static_cast<double>(levels)));
  }
  return c;
}

}  // namespace

TEST_CASE("non_maximum_suppression: golden values") {
  int seen = 0;
  for (const nlohmann::json& golden : golden_cases("yolo_detections")) {
    if (golden.at("kind") != "suppression") continue;
    ++seen;
    SuppressionCase c;
    c.batch = golden.at("pictures");
    c.places = golden.at("places");
    c.classes = golden.at("classes");
    c.score_threshold = golden.at("score_threshold");
    c.overlap_threshold = golden.at("overlap_threshold");
    c.candidates = golden.at("candidates");
    c.detections = golden.at("detections");
    c.boxes = golden.at("boxes").get<std::vector<float>>();
    c.scores = golden.at("scores").get<std::vector<float>>();
    std::vector<double> expected;
    for (const nlohmann::json& rows : golden.at("found")) {
      for (const nlohmann::json& row : rows)
        for (const double number : row)
          expected.push_back(number);
      for (std::size_t unused = rows.size(); unused < static_cast<std::size_t>(c.detections); ++unused)
        expected.insert(expected.end(), {-1, 0, 0, 0, 0, 0});
    }
    for (const double count : golden.at("counts"))
      expected.push_back(count);
    for (const DeviceResult& result : on_every_device<float>([&](auto device) { return run_suppression(device, c); })) {
      INFO(result.device << ", case " << seen);
      REQUIRE(result.values == expected);
    }
  }
  CHECK(seen == 5);
}

TEST_CASE("non_maximum_suppression: the best 400 of many, as in a sorted list") {
  // Scores far apart and close together, all equal, few different; so many that every digit of the keys is needed.
  require_reference(random_case(2, 1000, 3, 1.0));
  require_reference(random_case(1, 2001, 5, 0.0101));
  require_reference(random_case(1, 3000, 2, 1.0, 3));
  SuppressionCase equal = random_case(1, 3000, 3, 1.0);
  std::fill(equal.scores.begin(), equal.scores.end(), 0.25F);
  require_reference(equal);
  // Nothing suppressed: the last candidate of all is seen, and it differs from the first one left out in the last bit.
  equal.overlap_threshold = 1;
  equal.detections = 400;
  for (const std::int32_t candidates : {399, 400}) {
    equal.candidates = candidates;
    require_reference(equal);
  }
  // More candidates than may be asked for, and not all of one class.
  SuppressionCase most = random_case(1, 2500, 2, 1.0);
  most.score_threshold = 0;
  most.candidates = kernels::maximum_candidates;
  most.detections = 5000;
  require_reference(most);
}

TEST_CASE("non_maximum_suppression: one candidate less, exactly as many, and one more than are wanted") {
  for (const std::int64_t places : {1, 2, 63, 64, 65}) {
    SuppressionCase c = random_case(1, places, 1, 1.0);
    c.score_threshold = 0;
    for (float& score : c.scores)
      score += 0.5F;
    for (const std::int32_t candidates : {1, 63, 64, 65}) {
      c.candidates = candidates;
      c.detections = candidates;
      require_reference(c);
    }
  }
}

TEST_CASE("non_maximum_suppression: an overlap that equals the threshold suppresses nothing") {
  SuppressionCase c;
  c.places = 3;
  c.detections = 3;
  c.boxes = {0, 0, 4, 2, 0, 0, 4, 4, 0, 0, 4, 5};  // IoU of 0 and 1: 0.5, of 1 and 2: 0.8, of 0 and 2: 0.4
  c.scores = {0.9F, 0.8F, 0.7F};
  c.overlap_threshold = 0.5;
  const auto count = [](const SuppressionCase& some) { return run_suppression(kernels::Simt{}, some).back(); };
  CHECK(count(c) == 2);
  require_reference(c);
  c.overlap_threshold = 0.499;
  CHECK(count(c) == 2);  // 1 is suppressed, and then suppresses no box: 0 and 2 stay
  require_reference(c);
  c.overlap_threshold = 0.3;
  CHECK(count(c) == 1);
  // Other classes are left alone.
  c.classes = 2;
  c.scores = {0.9F, 0, 0, 0.8F, 0.7F, 0};
  CHECK(count(c) == 2);
  require_reference(c);
}

TEST_CASE("non_maximum_suppression: no NaN, no infinite box, nothing at the threshold is selected") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  SuppressionCase c;
  c.places = 7;
  c.score_threshold = 0.5;
  c.detections = 4;
  c.scores = {nan, 0.5F, 0.75F, 0.9F, 0.9F, 0.6F, -1};
  for (int place = 0; place < 7; ++place) {
    const float left = static_cast<float>(place) * 10;
    c.boxes.insert(c.boxes.end(), {left, 0, left + 5, 5});
  }
  c.boxes[3 * 4] = -infinity;
  c.boxes[4 * 4 + 3] = nan;
  require_reference(c);
  const std::vector<double> values = run_suppression(kernels::Simt{}, c);
  CHECK(values == std::vector<double>{0,  0.75, 20, 0, 25, 5, 0,  double{0.6F},
                                      50, 0,    55, 5,  //
                                      -1, 0,    0,  0, 0,  0, -1, 0,
                                      0,  0,    0,  0, 2});
  c.scores.assign(7, 0);
  CHECK(run_suppression(kernels::Cpu{}, c).back() == 0);
  CHECK(run_suppression(kernels::Simt{}, c).back() == 0);
}

TEST_CASE("non_maximum_suppression: limits that make no sense are refused") {
  const auto refused = [](const SuppressionCase& c) {
    CHECK_THROWS_AS(run_suppression(kernels::Cpu{}, c), std::invalid_argument);
    CHECK_THROWS_AS(run_suppression(kernels::Simt{}, c), std::invalid_argument);
  };
  SuppressionCase c = random_case(1, 3, 1, 1.0);
  c.candidates = 0;
  refused(c);
  c.candidates = kernels::maximum_candidates + 1;
  refused(c);
  c = random_case(1, 3, 1, 1.0);
  c.score_threshold = -0.1;
  refused(c);
  c.score_threshold = std::numeric_limits<double>::quiet_NaN();
  refused(c);
  c = random_case(1, 3, 1, 1.0);
  c.overlap_threshold = std::numeric_limits<double>::quiet_NaN();
  refused(c);
}

}  // namespace sleight::test

// The metrics against pycocotools and the rules of VOC's development kit, and what must hold for any detections.
#include "engine/metrics/detection_metrics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "catch2_adapter.h"
#include "tests/base/error_message.h"
#include "tests/golden/golden.h"
#include "tests/metrics/detection_scenes.h"

namespace sleight::test {
namespace {

// Nothing on both sides, or numbers this close.
bool equal(const std::optional<double>& found, const std::optional<double>& expected, double tolerance) {
  if (!found || !expected) return found.has_value() == expected.has_value();
  return std::abs(*found - *expected) <= tolerance;
}

std::string shown(const std::optional<double>& number) {
  return number ? std::to_string(*number) : "nothing";
}

void check_equal(const std::optional<double>& found, const nlohmann::json& expected, double tolerance) {
  INFO(shown(found) << " instead of " << expected.dump());
  REQUIRE(found.has_value() == !expected.is_null());
  if (found) CHECK(std::abs(*found - expected.get<double>()) <= tolerance);
}

void check_equal(const CocoNumbers& found, const CocoNumbers& expected, double tolerance) {
  for (const CocoNumber& number : coco_numbers) {
    INFO(number.name << ": " << shown(found.*number.member) << " instead of " << shown(expected.*number.member));
    CHECK(equal(found.*number.member, expected.*number.member, tolerance));
  }
}

std::int64_t golden_cases_of(const std::string& kind, const std::function<void(const nlohmann::json&)>& check_case) {
  std::int64_t count = 0;
  for (const nlohmann::json& golden : golden_cases("detection_metrics")) {
    if (golden.at("kind") != kind) continue;
    INFO(golden.at("name").get<std::string>());
    check_case(golden);
    ++count;
  }
  return count;
}

// One object of 20 x 20 pixels, and detections of it.
DetectionScene one_object() {
  return {{1, {"thing"}, {{0, {.box = {10, 10, 30, 30}}}}}, {{0, 0, 0.9, {10, 10, 30, 30}}}};
}

}  // namespace

TEST_CASE("COCO's twelve numbers are those of pycocotools") {
  const std::int64_t cases = golden_cases_of("coco", [](const nlohmann::json& golden) {
    const DetectionScene scene = golden_scene(golden);
    const CocoMetrics metrics = coco_metrics(scene.truth, scene.detections);
    for (std::size_t i = 0; i < coco_numbers.size(); ++i) {
      INFO(coco_numbers[i].name);
      check_equal(metrics.numbers.*coco_numbers[i].member, golden.at("numbers").at(i), 1e-9);
    }
    for (std::size_t i = 0; i < metrics.classes.size(); ++i)
      check_equal(metrics.classes[i].numbers.average_precision, golden.at("average_precision_by_class").at(i), 1e-9);
  });
  CHECK(cases == 16);
}

TEST_CASE("VOC's average precisions are those of the development kit's rules") {
  const std::int64_t cases = golden_cases_of("voc", [](const nlohmann::json& golden) {
    const DetectionScene scene = golden_scene(golden);
    const VocMetrics exact = voc_metrics(scene.truth, scene.detections);
    const VocMetrics rounded =
        voc_metrics(scene.truth, scene.detections, {.matching = {}, .recall_levels = RecallLevels::rounded});
    double sum = 0.0;
    int counted = 0;
    for (std::size_t i = 0; i < exact.classes.size(); ++i) {
      const nlohmann::json& expected = golden.at("by_class").at(i);
      INFO("class " << i);
      CHECK(exact.classes[i].objects == expected.at("objects").get<std::int64_t>());
      check_equal(exact.classes[i].eleven_point, expected.at("exact"), 1e-12);
      check_equal(rounded.classes[i].eleven_point, expected.at("rounded"), 1e-12);
      check_equal(exact.classes[i].all_point, expected.at("all_point"), 1e-12);
      if (expected.at("all_point").is_null()) continue;
      sum += expected.at("all_point").get<double>();
      ++counted;
    }
    check_equal(exact.all_point, sum / counted, 1e-12);
  });
  CHECK(cases == 12);
}

// The kit's own boxes, with corners that name pixels, measured with its + 1: only the reading differs.
TEST_CASE("inclusive edges on pixel corners are continuous edges on boxes") {
  golden_cases_of("voc", [](const nlohmann::json& golden) {
    DetectionScene scene = golden_scene(golden);
    const VocMetrics continuous = voc_metrics(scene.truth, scene.detections);
    for (TrueObject& object : scene.truth.objects) {
      object.object.box.right -= 1;
      object.object.box.bottom -= 1;
    }
    for (Detection& detection : scene.detections) {
      detection.box.right -= 1;
      detection.box.bottom -= 1;
    }
    const VocMetrics inclusive =
        voc_metrics(scene.truth, scene.detections, {.matching = {.edges = PixelEdges::inclusive}});
    CHECK(equal(inclusive.all_point, continuous.all_point, 0.0));
    CHECK(equal(inclusive.eleven_point, continuous.eleven_point, 0.0));
  });
  // On boxes that are continuous already, + 1 makes overlaps larger: 9.5 of 20 pixels become 10.5 of 21.
  DetectionScene scene = one_object();
  scene.detections[0].box.right = 19.5;
  CHECK(*voc_metrics(scene.truth, scene.detections).all_point == 0.0);
  const VocMetrics inclusive =
      voc_metrics(scene.truth, scene.detections, {.matching = {.edges = PixelEdges::inclusive}});
  CHECK(*inclusive.all_point == 1.0);
}

TEST_CASE("perfect detections give 1 in every metric") {
  DetectionScene scene = random_scene(1, 20, 4, 7, 0);
  for (const TrueObject& object : scene.truth.objects) {
    scene.detections.push_back({.image = object.image,
                                .class_index = object.object.class_index,
                                .score = 1.0 / static_cast<double>(1 + scene.detections.size()),
                                .box = object.object.box});
  }
  const VocMetrics voc = voc_metrics(scene.truth, scene.detections);
  CHECK(*voc.eleven_point == 1.0);
  CHECK(equal(voc.all_point, 1.0, 1e-12));
  const CocoMetrics coco = coco_metrics(scene.truth, scene.detections);
  for (const CocoNumber& number : coco_numbers) {
    INFO(number.name);
    // With one detection, or ten, not all objects of an image can be found.
    const bool all_allowed = number.member != &CocoNumbers::average_recall_1;
    REQUIRE((coco.numbers.*number.member).has_value());
    if (all_allowed)
      CHECK(*(coco.numbers.*number.member) == 1.0);
    else
      CHECK(*(coco.numbers.*number.member) < 1.0);
  }
}

TEST_CASE("the order of images, of detections and of classes changes nothing") {
  const DetectionScene scene = random_scene(2, 15, 3, 5, 30);
  std::mt19937 generator(3);
  std::vector<std::int64_t> places(15);
  std::iota(places.begin(), places.end(), 0);
  std::ranges::shuffle(places, generator);
  DetectionScene other = scene;
  for (TrueObject& object : other.truth.objects)
    object.image = places[static_cast<std::size_t>(object.image)];
  for (Detection& detection : other.detections)
    detection.image = places[static_cast<std::size_t>(detection.image)];
  for (TrueObject& object : other.truth.objects)
    object.object.class_index = 2 - object.object.class_index;
  for (Detection& detection : other.detections)
    detection.class_index = 2 - detection.class_index;
  std::ranges::shuffle(other.detections, generator);
  std::ranges::shuffle(other.truth.objects, generator);
  const VocMetrics voc = voc_metrics(scene.truth, scene.detections);
  const VocMetrics other_voc = voc_metrics(other.truth, other.detections);
  CHECK(equal(other_voc.all_point, voc.all_point, 1e-12));
  CHECK(equal(other_voc.eleven_point, voc.eleven_point, 1e-12));
  CHECK(*voc.all_point > 0.1);
  CHECK(*voc.all_point < 0.9);
  check_equal(coco_metrics(other.truth, other.detections).numbers, coco_metrics(scene.truth, scene.detections).numbers,
              1e-12);
}

TEST_CASE("only the order of scores matters") {
  const DetectionScene scene = random_scene(4, 15, 3, 5, 30);
  DetectionScene other = scene;
  for (Detection& detection : other.detections)
    detection.score = std::log(detection.score);
  CHECK(voc_metrics(other.truth, other.detections).all_point == voc_metrics(scene.truth, scene.detections).all_point);
  check_equal(coco_metrics(other.truth, other.detections).numbers, coco_metrics(scene.truth, scene.detections).numbers,
              0.0);
}

TEST_CASE("worse detections never score higher") {
  const DetectionScene scene = random_scene(5, 15, 3, 5, 30);
  const VocMetrics before = voc_metrics(scene.truth, scene.detections);
  DetectionScene other = scene;
  // Surer than everything, and wrong everywhere.
  for (int i = 0; i < 3; ++i)
    other.detections.push_back({.image = i, .class_index = i, .score = 2.0, .box = {900, 900, 950, 950}});
  CHECK(*voc_metrics(other.truth, other.detections).all_point < *before.all_point);
  CHECK(*coco_metrics(other.truth, other.detections).numbers.average_precision <
        *coco_metrics(scene.truth, scene.detections).numbers.average_precision);
}

TEST_CASE("an image without objects counts: what is found there is wrong") {
  DetectionScene scene = one_object();
  scene.truth.images = 2;
  scene.detections.push_back({1, 0, 0.95, {10, 10, 30, 30}});
  CHECK(*voc_metrics(scene.truth, scene.detections).all_point == 0.5);
  CHECK(equal(coco_metrics(scene.truth, scene.detections).numbers.average_precision, 0.5, 1e-12));
}

TEST_CASE("equal scores stand in the order of the images, then of the list") {
  DetectionScene scene = one_object();
  scene.truth.images = 2;
  // The wrong one is in the later image, though earlier in the list.
  scene.detections.insert(scene.detections.begin(), {1, 0, 0.9, {10, 10, 30, 30}});
  CHECK(*voc_metrics(scene.truth, scene.detections).all_point == 1.0);
  CHECK(*coco_metrics(scene.truth, scene.detections).numbers.average_precision == 1.0);
  // Within an image the first of the list.
  scene.detections = {{0, 0, 0.9, {100, 100, 130, 130}}, {0, 0, 0.9, {10, 10, 30, 30}}};
  CHECK(*voc_metrics(scene.truth, scene.detections).all_point == 0.5);
  std::swap(scene.detections[0], scene.detections[1]);
  CHECK(*voc_metrics(scene.truth, scene.detections).all_point == 1.0);
}

TEST_CASE("difficult objects and crowds are ignored, counted or left out") {
  DetectionScene scene = one_object();
  scene.truth.objects.push_back({0, {.box = {100, 100, 120, 120}, .is_difficult = true}});
  scene.truth.objects.push_back({0, {.box = {200, 100, 300, 200}, .is_crowd = true}});
  const Detection of_object = scene.detections[0];
  // The first detection is of what is not expected to be found, the second of the object.
  const auto score = [&](const Box& box, const MatchingOptions& options) {
    scene.detections = {{0, 0, 0.95, box}, of_object};
    const double voc = *voc_metrics(scene.truth, scene.detections, {.matching = options}).all_point;
    const double coco = *coco_metrics(scene.truth, scene.detections, options).numbers.average_precision;
    INFO(voc << ' ' << coco);
    // COCO's 101 levels make a recall of 1/2 out of 51 of them.
    CHECK(std::abs(voc - coco) <= 0.005);
    return voc;
  };
  using enum Treatment;
  const Box difficult{100, 100, 120, 120}, crowd{200, 100, 300, 200}, in_crowd{210, 110, 220, 120};
  CHECK(score(difficult, {}) == 1.0);
  CHECK(score(difficult, {.difficult = counted}) == 1.0);  // both are found
  CHECK(score(difficult, {.difficult = left_out}) == 0.5);
  CHECK(score(crowd, {}) == 1.0);
  CHECK(score(crowd, {.crowd = counted}) == 1.0);
  CHECK(score(crowd, {.crowd = left_out}) == 0.5);
  CHECK(score(in_crowd, {}) == 1.0);
  CHECK(score(in_crowd, {.crowd = counted}) == 0.25);  // wrong, then one of two
  CHECK(score(in_crowd, {.crowd = left_out}) == 0.5);

  // Nobody is expected to find them: not a hit, as above, and not a miss.
  const auto without = [&](const MatchingOptions& options) {
    scene.detections = {of_object};
    const double voc = *voc_metrics(scene.truth, scene.detections, {.matching = options}).all_point;
    CHECK(std::abs(voc - *coco_metrics(scene.truth, scene.detections, options).numbers.average_precision) <= 0.005);
    return voc;
  };
  CHECK(without({}) == 1.0);
  CHECK(without({.difficult = counted}) == 0.5);
  CHECK(without({.crowd = counted}) == 0.5);
  CHECK(without({.difficult = left_out, .crowd = left_out}) == 1.0);
}

TEST_CASE("the stated area decides whether an object is small, also when it is 0, and else the box's") {
  DetectionScene scene = one_object();
  scene.truth.objects[0].object.box = scene.detections[0].box = {10, 10, 130, 130};  // large
  const auto recall = [&](std::optional<double> stated) {
    scene.truth.objects[0].object.outline_area = stated;
    const CocoNumbers numbers = coco_metrics(scene.truth, scene.detections).numbers;
    CHECK(numbers.average_precision == std::optional(1.0));
    return std::pair(numbers.average_recall_small, numbers.average_recall_large);
  };
  const std::optional<double> found = 1.0;
  CHECK((recall(std::nullopt) == std::pair(std::optional<double>(), found)));
  CHECK((recall(0.0) == std::pair(found, std::optional<double>())));
  CHECK((recall(1000.0) == std::pair(found, std::optional<double>())));
  CHECK((recall(10000.0) == std::pair(std::optional<double>(), found)));
}

TEST_CASE("VOC's threshold of overlap is an option") {
  DetectionScene scene = one_object();
  scene.detections[0].box.right = 24;  // 14 of 20 pixels
  CHECK(*voc_metrics(scene.truth, scene.detections, {.matching = {}, .overlap_threshold = 0.7}).all_point == 1.0);
  CHECK(*voc_metrics(scene.truth, scene.detections, {.matching = {}, .overlap_threshold = 0.71}).all_point == 0.0);
  for (const double wrong : {0.0, -1.0, 1.1, std::numeric_limits<double>::quiet_NaN()})
    CHECK(contains(error_message([&] {
                     voc_metrics(scene.truth, scene.detections, {.matching = {}, .overlap_threshold = wrong});
                   }),
                   "overlap threshold"));
}

TEST_CASE("damaged detections are errors and not numbers") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const auto message = [](const Detection& detection) {
    DetectionScene scene = one_object();
    scene.detections.push_back(detection);
    const std::string voc = error_message([&] { voc_metrics(scene.truth, scene.detections); });
    CHECK(voc == error_message([&] { coco_metrics(scene.truth, scene.detections); }));
    return voc;
  };
  CHECK(contains(message({0, 0, nan, {1, 1, 2, 2}}), "detection 1 in image 0 has the score NaN"));
  CHECK(contains(message({0, 0, 0.5, {1, nan, 2, 2}}), "box that is not finite"));
  CHECK(contains(message({0, 0, 0.5, {1, 1, infinity, 2}}), "box that is not finite"));
  CHECK(contains(message({1, 0, 0.5, {1, 1, 2, 2}}), "image 1, but there are 1"));
  CHECK(contains(message({-1, 0, 0.5, {1, 1, 2, 2}}), "image -1"));
  CHECK(contains(message({0, 1, 0.5, {1, 1, 2, 2}}), "class 1, but there are 1"));
  CHECK(message({0, 0, 0.5, {1, 1, 2, 2}}).empty());
  GroundTruth truth = one_object().truth;
  truth.objects[0].object.box.left = nan;
  CHECK(contains(error_message([&] { voc_metrics(truth, {}); }), "object 0"));
}

TEST_CASE("choices are known by their names") {
  for (const Treatment treatment : {Treatment::ignored, Treatment::counted, Treatment::left_out})
    CHECK(parse_treatment(name_of(treatment)) == treatment);
  for (const PixelEdges edges : {PixelEdges::continuous, PixelEdges::inclusive})
    CHECK(parse_pixel_edges(name_of(edges)) == edges);
  for (const RecallLevels levels : {RecallLevels::exact, RecallLevels::rounded})
    CHECK(parse_recall_levels(name_of(levels)) == levels);
  CHECK(contains(error_message([] { parse_treatment("maybe"); }), "'ignored', 'counted' or 'left-out', got 'maybe'"));
  CHECK(contains(error_message([] { parse_pixel_edges("maybe"); }), "'continuous' or 'inclusive'"));
  CHECK(contains(error_message([] { parse_recall_levels("maybe"); }), "'exact' or 'rounded'"));
}

}  // namespace sleight::test

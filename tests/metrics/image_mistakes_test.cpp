#include "engine/metrics/image_mistakes.h"

#include "catch2_adapter.h"
#include "tests/base/error_message.h"
#include "tests/metrics/detection_scenes.h"

namespace sleight::test {

TEST_CASE("mistakes of an image are wrong boxes above the score and objects that were not found") {
  const GroundTruth truth{.images = 3,
                          .class_names = {"cat", "dog"},
                          .objects = {{0, {.box = {0, 0, 20, 20}}},
                                      {2, {.box = {0, 0, 20, 20}, .class_index = 1}},
                                      {2, {.box = {50, 0, 70, 20}, .class_index = 0}},
                                      {2, {.box = {90, 0, 110, 20}, .is_difficult = true}}}};
  const std::vector<Detection> detections = {
      {0, 0, 0.6, {0, 0, 20, 20}},     // right
      {2, 0, 0.55, {0, 0, 20, 20}},    // the wrong class
      {2, 0, 0.7, {200, 0, 220, 20}},  // nothing there
      {2, 1, 0.4, {0, 0, 20, 20}},     // right, but not sure enough
      {2, 0, 0.9, {90, 0, 110, 20}},   // difficult
      {1, 1, 0.5, {5, 5, 9, 9}},       // exactly at the threshold, in an image without objects
  };
  const std::vector<ImageMistakes> mistakes = image_mistakes(truth, detections);
  REQUIRE(mistakes.size() == 3);
  CHECK(mistakes[0].count() == 0);
  CHECK(mistakes[1].false_positives == std::vector<std::size_t>{5});
  CHECK(mistakes[1].missed.empty());
  CHECK(mistakes[2].false_positives == std::vector<std::size_t>{2, 1});
  CHECK(mistakes[2].missed == std::vector<std::size_t>{1, 2});

  const std::vector<ImageMistakes> worst = worst_images(mistakes, 5);
  REQUIRE(worst.size() == 2);
  CHECK(worst[0].image == 2);
  CHECK(worst[1].image == 1);
  CHECK(worst_images(mistakes, 1).size() == 1);

  const std::vector<ImageMistakes> surer = image_mistakes(truth, detections, {.matching = {}, .score_threshold = 0.3});
  CHECK(surer[2].missed == std::vector<std::size_t>{2});
  CHECK(contains(error_message([&] { image_mistakes(truth, detections, {.matching = {}, .overlap_threshold = 0.0}); }),
                 "overlap threshold"));
}

TEST_CASE("equally bad images stay in order") {
  std::vector<ImageMistakes> images(4);
  for (std::size_t i = 0; i < images.size(); ++i)
    images[i] = {.image = static_cast<std::int64_t>(i), .false_positives = {}, .missed = {i}};
  images[2].missed.push_back(9);
  const std::vector<ImageMistakes> worst = worst_images(images, 3);
  REQUIRE(worst.size() == 3);
  CHECK(worst[0].image == 2);
  CHECK(worst[1].image == 0);
  CHECK(worst[2].image == 1);
}

}  // namespace sleight::test

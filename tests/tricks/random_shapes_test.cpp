#include "tricks/random_shapes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "catch2_adapter.h"
#include "made_trick.h"
#include "tests/base/error_message.h"

using namespace sleight;
using namespace sleight::test;

namespace {

TrainingKind classifier_of(std::int64_t image_size) {
  return {.tricks = TrickSet::all, .epochs = 10, .image_size = image_size};
}

TrainingKind detector_of(std::int64_t image_size, std::int64_t size_multiple = 32) {
  return {.task = LearningTask::detector,
          .tricks = TrickSet::standard,
          .epochs = 200,
          .image_size = image_size,
          .size_multiple = size_multiple};
}

RandomShapes shapes_of(const std::string& text, std::uint64_t seed) {
  RandomShapes shapes = resolved<RandomShapes>("random-shapes = \"" + text + "\"");
  shapes.begin(plan_of(10, 100, seed));
  return shapes;
}

void count(RandomShapes& shapes, std::int64_t iteration, std::int64_t height, std::int64_t width) {
  const Arrived arrived;
  CountedStep step = arrived.step(iteration);
  step.height = height;
  step.width = width;
  shapes.count(step);
}

}  // namespace

TEST_CASE("random shapes: the option is parsed and printed") {
  const RandomShapesOptions detection = parse_random_shapes("320:608:10");
  CHECK(detection == RandomShapesOptions{320, 608, 10, 32});
  CHECK(to_string(detection) == "320:608:10");
  const RandomShapesOptions small = parse_random_shapes("24:40:1:8");
  CHECK(small == RandomShapesOptions{24, 40, 1, 8});
  CHECK(to_string(small) == "24:40:1:8");
  for (const char* wrong : {"", "224", "224:288", "224:288:", "224:288:ten", "224:288:10:32:1", "224-288-10",
                            ":224:288:10", "224:288:10 ", "99999999999999999999:288:10"}) {
    CAPTURE(wrong);
    CHECK(contains(error_message([&] { parse_random_shapes(wrong); }), "MIN:MAX:EVERY"));
  }
  CHECK(contains(error_message([] { parse_random_shapes("224:290:10"); }), "multiples of 32"));
  CHECK(contains(error_message([] { parse_random_shapes("225:288:10"); }), "multiples of 32"));
  CHECK(contains(error_message([] { parse_random_shapes("224:224:10"); }), "above"));
  CHECK(contains(error_message([] { parse_random_shapes("288:224:10"); }), "above"));
  for (const char* wrong : {"224:288:0", "0:288:10", "-32:288:10", "224:288:10:0"}) {
    CAPTURE(wrong);
    CHECK(contains(error_message([&] { parse_random_shapes(wrong); }), "positive"));
  }
}

TEST_CASE("random shapes: the defaults lie around the model's own size") {
  CHECK(default_random_shapes(classifier_of(224)) == RandomShapesOptions{192, 256, 10, 32});
  CHECK(default_random_shapes(classifier_of(256)) == RandomShapesOptions{224, 288, 10, 32});
  CHECK(default_random_shapes(classifier_of(128)) == RandomShapesOptions{96, 160, 10, 32});
  CHECK(default_random_shapes(classifier_of(448)) == RandomShapesOptions{384, 512, 10, 32});
  CHECK(default_random_shapes(classifier_of(32)) == RandomShapesOptions{24, 40, 10, 8});
  CHECK(default_random_shapes(classifier_of(64)) == RandomShapesOptions{56, 72, 10, 8});
  for (const std::int64_t size : {1, 8, 17, 31, 48, 100, 127, 128, 160, 225, 299}) {
    CAPTURE(size);
    CHECK(made<RandomShapes>("", classifier_of(size)).sizes().size() == 3);
  }
  for (const std::int64_t multiple : {16, 32}) {
    for (const std::int64_t size : {64, 96, 416, 608}) {
      CAPTURE(size, multiple);
      const RandomShapesOptions shapes = default_random_shapes(detector_of(size, multiple));
      CHECK(shapes.minimum >= 2 * multiple);
      CHECK(shapes.minimum % multiple == 0);
      CHECK(shapes.maximum % multiple == 0);
      CHECK(shapes.maximum <= std::max<std::int64_t>(608, size));
      CHECK(shapes.multiple == multiple);
      // On both sides of the size, as far as there is room.
      const bool has_room_below = size > 2 * multiple, has_room_above = size < 608;
      CHECK((shapes.minimum < size) == has_room_below);
      CHECK((shapes.maximum > size) == has_room_above);
      CHECK(shapes.maximum <= size * 3 / 2);
    }
  }
  CHECK(default_random_shapes(detector_of(256)) == RandomShapesOptions{192, 384, 10, 32});
  CHECK(default_random_shapes(detector_of(64)) == RandomShapesOptions{64, 96, 10, 32});
  CHECK(default_random_shapes(detector_of(608)) == RandomShapesOptions{480, 608, 10, 32});
}

TEST_CASE("random shapes: a detector's are 320 to 608 in steps of 32, the largest first") {
  CHECK(default_random_shapes(detector_of(416)) == parse_random_shapes("320:608:10"));
  const RandomShapes shapes = made<RandomShapes>("", detector_of(416));
  CHECK(shapes.sizes() == std::vector<std::int64_t>{608, 576, 544, 512, 480, 448, 416, 384, 352, 320});
  const auto refused = [](const std::string& settings) {
    return error_message([&] { resolved<RandomShapes>(settings, detector_of(416)); });
  };
  CHECK(contains(refused("random-shapes = \"320:608:10:16\""), "multiples of 32, got 320:608:10:16"));
  CHECK(contains(refused("random-shapes = \"40:80:10:8\""), "multiples of 32"));
  CHECK(contains(refused("random-shapes = \"big\""), "--random-shapes"));
  CHECK_FALSE(resolved<RandomShapes>("random-shapes = \"off\"", detector_of(416)).is_on());
  std::map<std::int64_t, int> seen;
  for (std::int64_t i = 0; i < 5000; i += 10)
    ++seen[shapes.size_at(i)];
  CHECK(seen.size() == 10);
}

TEST_CASE("random shapes: all sizes, the largest first, are exactly those drawn, each as often") {
  const RandomShapes shapes = shapes_of("224:288:10", 9);
  CHECK(shapes.sizes() == std::vector<std::int64_t>{288, 256, 224});
  std::map<std::int64_t, int> seen;
  constexpr int draws = 6000;
  for (int draw = 0; draw < draws; ++draw)
    ++seen[shapes.size_at(draw * 10)];
  REQUIRE(seen.size() == 3);
  for (const std::int64_t size : shapes.sizes()) {
    CHECK(std::abs(seen[size] - draws / 3) <= 5.0 * std::sqrt(draws * 2.0 / 9.0));
  }
}

TEST_CASE("random shapes: one size for every k iterations, k = 1 a new draw for each") {
  const RandomShapes shapes = shapes_of("320:608:7", 4);
  int changes = 0;
  for (std::int64_t i = 0; i < 700; ++i) {
    REQUIRE(shapes.size_at(i) == shapes.size_at(i / 7 * 7));
    if (i > 0 && shapes.size_at(i) != shapes.size_at(i - 1)) ++changes;
  }
  // 99 borders, 10 sizes: nine tenths of them change.
  CHECK((changes >= 75 && changes <= 99));
  const RandomShapes each = shapes_of("320:608:1", 4);
  for (std::int64_t i = 0; i < 50; ++i)
    CHECK(each.size_at(i) == shapes.size_at(i * 7));
}

TEST_CASE("random shapes: every rank and a run that goes on draw the same sizes") {
  std::vector<std::int64_t> first_rank;
  RandomShapes rank0 = shapes_of("320:608:10", 77);
  for (std::int64_t i = 0; i < 200; ++i) {
    first_rank.push_back(rank0.size_at(i));
    count(rank0, i, first_rank.back(), first_rank.back());  // what one rank has done must not matter
  }
  const RandomShapes rank1 = shapes_of("320:608:10", 77);
  for (std::int64_t i = 199; i >= 0; --i)
    CHECK(rank1.size_at(i) == first_rank[static_cast<std::size_t>(i)]);

  const RandomShapes other_seed = shapes_of("320:608:10", 78);
  int different = 0;
  for (std::int64_t i = 0; i < 200; i += 10)
    different += other_seed.size_at(i) != first_rank[static_cast<std::size_t>(i)];
  CHECK(different >= 10);
}

TEST_CASE("random shapes: the receipt is a histogram of what arrived, over a resume too") {
  const std::string options = "24:40:3:8";
  RandomShapes whole = shapes_of(options, 5);
  CHECK(only_receipt(whole).fired == 0);
  std::map<std::int64_t, double> expected;
  double changes = 0;
  for (std::int64_t i = 0; i < 60; ++i) {
    const std::int64_t size = whole.size_at(i);
    expected[size] += 1.0;
    if (i > 0 && size != whole.size_at(i - 1)) changes += 1.0;
    count(whole, i, size, size);
  }
  const Receipt receipt = only_receipt(whole);
  CHECK(receipt.fired == 60);
  CHECK(receipt.count("changes of size") == changes);
  for (const auto& [size, iterations] : expected)
    CHECK(receipt.count("iterations at " + std::to_string(size)) == iterations);

  // Stopped anywhere: also where the next iteration changes the size.
  for (std::int64_t stop = 0; stop <= 60; ++stop) {
    CAPTURE(stop);
    RandomShapes first = shapes_of(options, 5);
    for (std::int64_t i = 0; i < stop; ++i)
      count(first, i, first.size_at(i), first.size_at(i));
    RandomShapes resumed = shapes_of(options, 5);
    resumed.restore({{only_receipt(first)}});
    for (std::int64_t i = stop; i < 60; ++i)
      count(resumed, i, resumed.size_at(i), resumed.size_at(i));
    CHECK(only_receipt(resumed) == receipt);
  }

  // A batch that was made at another size than the one drawn.
  const std::int64_t drawn = whole.size_at(0);
  const std::string message = error_message([&] { count(whole, 0, drawn, drawn + 8); });
  CHECK(contains(message, "drew " + std::to_string(drawn)));
}

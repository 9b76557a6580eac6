// Generated scenes: the same every time, and boxes that are exactly around what can be seen.
#include <algorithm>
#include <set>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/data/files/text_lines.h"
#include "engine/data/synthetic/scenes.h"
#include "tests/data/annotations/dataset_files.h"

using namespace sleight;
using namespace sleight::test;

namespace {

SyntheticSceneOptions small_options(std::int64_t height, std::int64_t width) {
  SyntheticSceneOptions options;
  options.training_count = 40;
  options.evaluation_count = 10;
  options.height = height;
  options.width = width;
  return options;
}

SyntheticScene draw(const SyntheticSceneOptions& options, std::int64_t index) {
  RandomStream random = synthetic_scene_stream(options.seed, DatasetSplit::training, index);
  return draw_synthetic_scene(options, SyntheticClasses(options.classes, 1), random);
}

std::vector<std::byte> image_of(const DetectorDataset& dataset, std::int64_t index) {
  StoredImage image;
  dataset.read(index, image);
  return {image.bytes.begin(), image.bytes.end()};
}

struct Bounds {
  std::int64_t left = 1 << 20, top = 1 << 20, right = -1, bottom = -1;

  void include(std::int64_t y, std::int64_t x) {
    left = std::min(left, x);
    top = std::min(top, y);
    right = std::max(right, x + 1);
    bottom = std::max(bottom, y + 1);
  }
  Box box() const {
    return {static_cast<double>(left), static_cast<double>(top), static_cast<double>(right),
            static_cast<double>(bottom)};
  }
};

}  // namespace

TEST_CASE("generated scenes are the same every time and differ from each other") {
  DetectorDatasetOptions options;
  options.synthetic = small_options(48, 70);
  const auto pair = open_detector_datasets("synthetic", "synthetic", options);
  const auto again = open_detector_datasets("synthetic", "synthetic", options);
  REQUIRE(pair.training.dataset->size() == 40);
  REQUIRE(pair.evaluation.dataset->size() == 10);
  CHECK(pair.training.dataset->class_names().size() == 10);
  std::set<std::string> different;
  std::set<std::size_t> counts;
  std::set<std::int32_t> classes;
  std::int64_t objects = 0;
  for (std::int64_t i = 0; i < 40; ++i) {
    const std::vector<std::byte> image = image_of(*pair.training.dataset, i);
    REQUIRE(image.size() == 48 * 70 * 3);
    REQUIRE(image == image_of(*again.training.dataset, i));
    REQUIRE(objects_of(pair.training, i) == objects_of(again.training, i));
    different.emplace(text_of(image));
    counts.insert(objects_of(pair.training, i).size());
    objects += static_cast<std::int64_t>(objects_of(pair.training, i).size());
    for (const ObjectBox& object : objects_of(pair.training, i))
      classes.insert(object.class_index);
  }
  for (std::int64_t i = 0; i < 10; ++i)
    different.emplace(text_of(image_of(*pair.evaluation.dataset, i)));
  options.synthetic.seed = 1;
  const auto other = open_detector_datasets("synthetic", "synthetic", options);
  different.emplace(text_of(image_of(*other.training.dataset, 0)));
  CHECK(different.size() == 51);
  CHECK(*counts.begin() == 1);
  CHECK(*counts.rbegin() == 8);
  CHECK(classes.size() == 10);
  CHECK(pair.training.boxes.objects == objects);
  CHECK(pair.training.boxes.images == 40);
}

TEST_CASE("a scene's boxes are the smallest around the pixels that can be seen") {
  for (const auto& [height, width] : {std::pair<std::int64_t, std::int64_t>{64, 64}, {33, 100}, {90, 32}}) {
    CAPTURE(height, width);
    SyntheticSceneOptions options = small_options(height, width);
    options.training_count = 16;
    const auto dataset = open_synthetic_scenes(options, DatasetSplit::training);
    bool has_bar = false;
    bool has_hidden = false;
    bool has_cut = false;
    for (std::int64_t index = 0; index < dataset->size(); ++index) {
      const SyntheticScene scene = draw(options, index);
      const std::vector<PlacedShape>& shapes = scene.arrangement.shapes();
      const double pixel = scene.arrangement.pixel();
      has_bar = has_bar || scene.bar.has_value();
      // By brute force: the last shape whose outline holds the pixel's center, unless the bar is before it.
      std::vector<Bounds> bounds(shapes.size());
      std::vector<std::int64_t> visible(shapes.size(), 0);
      std::vector<std::int64_t> whole(shapes.size(), 0);
      const std::int64_t margin = std::min(height, width);
      for (std::int64_t y = -margin; y < height + margin; ++y) {
        for (std::int64_t x = -margin; x < width + margin; ++x) {
          const double center_x = (static_cast<double>(x) + 0.5) * pixel;
          const double center_y = (static_cast<double>(y) + 0.5) * pixel;
          int owner = -1;
          for (std::size_t i = 0; i < shapes.size(); ++i) {
            if (shapes[i].shape.distance_at(center_x, center_y) >= 0.0) continue;
            owner = static_cast<int>(i);
            ++whole[i];
          }
          if (x < 0 || y < 0 || x >= width || y >= height) continue;
          if (scene.bar && scene.bar->coverage_at(center_x, center_y, pixel) > 0.5) owner = -1;
          REQUIRE(scene.arrangement.shape_at(y, x) == owner);
          if (owner < 0) continue;
          bounds[static_cast<std::size_t>(owner)].include(y, x);
          ++visible[static_cast<std::size_t>(owner)];
        }
      }
      const auto objects = dataset->objects(index);
      REQUIRE(objects.size() == shapes.size());
      for (std::size_t i = 0; i < shapes.size(); ++i) {
        CHECK(objects[i].box == bounds[i].box());
        CHECK(objects[i].class_index == shapes[i].class_index);
        CHECK(whole[i] == shapes[i].whole_pixels);
        CHECK(visible[i] == shapes[i].visible_pixels);
        CHECK(static_cast<double>(visible[i]) >= smallest_visible_share * static_cast<double>(whole[i]));
        const Box& box = objects[i].box;
        const bool touches = box.left == 0 || box.top == 0 || box.right == static_cast<double>(width) ||
                             box.bottom == static_cast<double>(height);
        has_hidden = has_hidden || (visible[i] < whole[i] && !touches);
        has_cut = has_cut || (visible[i] < whole[i] && touches);
      }
    }
    CHECK(has_bar);
    CHECK(has_hidden);
    CHECK(has_cut);
  }
}

TEST_CASE("what a scene's image shows is where its box says") {
  SyntheticSceneOptions options = small_options(96, 128);
  options.maximum_objects = 1;
  const auto dataset = open_synthetic_scenes(options, DatasetSplit::training);
  std::int64_t compared = 0;
  double total_beyond = 0.0;
  for (std::int64_t index = 0; index < dataset->size(); ++index) {
    RandomStream random = synthetic_scene_stream(options.seed, DatasetSplit::training, index);
    SyntheticScene scene = draw_synthetic_scene(options, SyntheticClasses(options.classes, 1), random);
    if (scene.bar) continue;
    REQUIRE(dataset->objects(index).size() == 1);
    // The same scene with the same noise, but without the shape: what differs is the shape.
    scene.arrangement = SceneArrangement(options.height, options.width);
    std::vector<std::byte> without(static_cast<std::size_t>(options.height * options.width * 3));
    paint_synthetic_scene(scene, options.height, options.width, random, without);
    const std::vector<std::byte> with = image_of(*dataset, index);
    Bounds bounds;
    for (std::int64_t y = 0; y < options.height; ++y) {
      for (std::int64_t x = 0; x < options.width; ++x) {
        const auto at = static_cast<std::size_t>((y * options.width + x) * 3);
        if (!std::equal(with.begin() + static_cast<std::ptrdiff_t>(at),
                        with.begin() + static_cast<std::ptrdiff_t>(at + 3),
                        without.begin() + static_cast<std::ptrdiff_t>(at)))
          bounds.include(y, x);
      }
    }
    const Box box = dataset->objects(index)[0].box;
    const Box painted = bounds.box();
    // All of the box is painted, and little beyond: soft edges, and tips that are thinner than a pixel.
    for (const double beyond :
         {box.left - painted.left, box.top - painted.top, painted.right - box.right, painted.bottom - box.bottom}) {
      CHECK(beyond >= 0.0);
      CHECK(beyond <= 3.0);
      total_beyond += beyond;
    }
    ++compared;
  }
  CHECK(compared > 10);
  CHECK(total_beyond <= 4.0 * static_cast<double>(compared));
}

TEST_CASE("options of generated scenes out of their range are errors") {
  const auto message = [](auto change) {
    DetectorDatasetOptions options;
    options.synthetic = small_options(64, 64);
    change(options);
    return message_of([&] { open_detector_datasets("synthetic", "synthetic", options); });
  };
  CHECK(message([](DetectorDatasetOptions&) {}).empty());
  CHECK(contains(message([](auto& o) { o.synthetic.height = 31; }), "64 x 31"));
  CHECK(contains(message([](auto& o) { o.synthetic.width = 4097; }), "4097 x 64"));
  CHECK(contains(message([](auto& o) { o.synthetic.evaluation_count = 0; }), "40 and 0"));
  CHECK(contains(message([](auto& o) { o.synthetic.training_count = maximum_generated_scenes + 1; }),
                 "must be 1 to 1000000, not 1000001 and "));
  CHECK(contains(message([](auto& o) { o.synthetic.maximum_objects = 0; }), "1 .. 0"));
  CHECK(contains(message([](auto& o) { o.synthetic.maximum_objects = 101; }), "1 .. 101"));
  CHECK(contains(message([](auto& o) { o.synthetic.classes = 51; }), "1 to 50 classes, not 51"));
  CHECK(contains(message([](auto& o) { o.class_names = {"a"}; }), "neither named splits nor a list"));
  CHECK(message([](auto& o) { o.synthetic.classes = 1; }).empty());
  CHECK(contains(message_of([] { open_detector_datasets("/data", "synthetic"); }), "not /data"));
  CHECK(message_of([] { check_detector_dataset_format("synthetic"); }).empty());
}

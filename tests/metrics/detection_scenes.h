// Objects and detections for tests: random ones, and the golden ones.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "engine/metrics/detection.h"

namespace sleight::test {

struct DetectionScene {
  GroundTruth truth;
  std::vector<Detection> detections;
};

inline std::vector<std::string> numbered_classes(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i)
    names.push_back("class " + std::to_string(i));
  return names;
}

// Every score is different, so that the order of images and detections cannot matter. Detections lie around objects
// of their class, some of them twice, and some anywhere.
inline DetectionScene random_scene(unsigned seed, std::int64_t images, int classes, int objects_per_image,
                                   int detections_per_image) {
  std::mt19937 generator(seed);
  const auto draw = [&](double low, double high) {
    return low + (high - low) * std::uniform_real_distribution<double>()(generator);
  };
  DetectionScene scene{.truth = {.images = images, .class_names = numbered_classes(classes), .objects = {}},
                       .detections = {}};
  for (std::int64_t image = 0; image < images; ++image) {
    const std::size_t first = scene.truth.objects.size();
    for (int i = 0; i < objects_per_image; ++i) {
      const double left = draw(0, 400), top = draw(0, 400), side = draw(4, 150);
      scene.truth.objects.push_back({image,
                                     {.box = {left, top, left + side, top + draw(4, 150)},
                                      .class_index = static_cast<std::int32_t>(draw(0, classes)),
                                      .is_difficult = draw(0, 1) < 0.1,
                                      .is_crowd = draw(0, 1) < 0.1}});
    }
    for (int i = 0; i < detections_per_image; ++i) {
      Detection detection{.image = image,
                          .class_index = static_cast<std::int32_t>(draw(0, classes)),
                          .score = draw(0, 1),
                          .box = {10, 10, draw(20, 300), draw(20, 300)}};
      if (objects_per_image > 0 && draw(0, 1) < 0.7) {
        const ObjectBox& object =
            scene.truth.objects[first + static_cast<std::size_t>(draw(0, objects_per_image))].object;
        detection.class_index = object.class_index;
        const Box& box = object.box;
        const auto moved = [&](double edge, double side) { return edge + side * draw(-0.2, 0.2); };
        detection.box = {moved(box.left, box.width()), moved(box.top, box.height()), moved(box.right, box.width()),
                         moved(box.bottom, box.height())};
      }
      scene.detections.push_back(detection);
    }
  }
  return scene;
}

// A case of tests/golden/detection_metrics.json; VOC's corners become continuous as engine/data/detector/box.h says.
inline DetectionScene golden_scene(const nlohmann::json& golden) {
  const bool voc = golden.at("kind") == "voc";
  const auto box_of = [&](const nlohmann::json& entry) {
    const double a = entry.at(2), b = entry.at(3), c = entry.at(4), d = entry.at(5);
    return voc ? Box{a - 1, b - 1, c, d} : Box{a, b, a + c, b + d};
  };
  DetectionScene scene{
      .truth = {.images = golden.at("pictures"), .class_names = numbered_classes(golden.at("classes")), .objects = {}},
      .detections = {}};
  for (const nlohmann::json& entry : golden.at("objects")) {
    ObjectBox object{.box = box_of(entry), .class_index = entry.at(1)};
    if (voc) {
      object.is_difficult = entry.at(6) == 1;
    } else {
      object.outline_area = entry.at(6);
      object.is_crowd = entry.at(7) == 1;
    }
    scene.truth.objects.push_back({entry.at(0), object});
  }
  for (const nlohmann::json& entry : golden.at("detections"))
    scene.detections.push_back(
        {.image = entry.at(0), .class_index = entry.at(1), .score = entry.at(6), .box = box_of(entry)});
  return scene;
}

}  // namespace sleight::test

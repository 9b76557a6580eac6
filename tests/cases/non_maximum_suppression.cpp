#include <array>

#include "engine/ops/ops.h"
#include "engine/value/random.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

struct SuppressionShape {
  std::int64_t batch, places, classes;
  double extent;       // of the images, in pixels
  double share_above;  // of the scores, above the threshold
  ops::DetectionParameters parameters = {};
};

RandomStream random_of(const SuppressionShape& shape, std::uint64_t what) {
  return RandomStream(20, RandomPurpose::test, what, static_cast<std::uint64_t>(shape.places * shape.classes));
}

std::vector<double> boxes_of(const SuppressionShape& shape) {
  RandomStream random = random_of(shape, 1);
  std::vector<double> boxes;
  for (std::int64_t i = 0; i < shape.batch * shape.places; ++i) {
    const double left = random.uniform(0.0, shape.extent);
    const double top = random.uniform(0.0, shape.extent);
    const double size = random.uniform(0.05, 0.4) * shape.extent;
    boxes.insert(boxes.end(), {left, top, left + size, top + size * random.uniform(0.5, 2.0)});
  }
  return boxes;
}

// Multiples of 1/1024, so that there are equal ones.
std::vector<double> scores_of(const SuppressionShape& shape) {
  RandomStream random = random_of(shape, 2);
  // Enough of them: for large cases they repeat themselves.
  std::vector<double> few;
  for (int i = 0; i < 65537; ++i)
    few.push_back(random.uniform() < shape.share_above ? static_cast<double>(random.below(1024)) / 1024 : 0.001);
  std::vector<double> scores;
  for (std::int64_t i = 0; i < shape.batch * shape.places * shape.classes; ++i)
    scores.push_back(few[static_cast<std::size_t>(i) % few.size()]);
  return scores;
}

std::vector<Case> cases() {
  std::vector<Case> list;
  const auto add = [&](const SuppressionShape& shape, Size size) {
    const ops::DetectionParameters& parameters = shape.parameters;
    const Shape scores = {shape.batch, shape.places, shape.classes};
    list.push_back({.operation = &operations::non_maximum_suppression,
                    .label = to_string(scores) + " best " + std::to_string(parameters.candidates),
                    .inputs = {made({shape.batch, shape.places, 4}, Kind::float32, [shape] { return boxes_of(shape); }),
                               made(scores, Kind::float32, [shape] { return scores_of(shape); })},
                    .attributes = {{"score_threshold", {parameters.score_threshold}},
                                   {"overlap_threshold", {parameters.overlap_threshold}},
                                   {"candidates", {static_cast<double>(parameters.candidates)}},
                                   {"detections", {static_cast<double>(parameters.detections)}}},
                    .bfloat16 = false,
                    .size = size});
  };
  add({1, 1, 1, 50.0, 1.0}, Size::small);
  add({2, 63, 3, 60.0, 0.5, {.candidates = 37, .detections = 5}}, Size::small);
  add({3, 331, 1, 100.0, 0.9}, Size::small);
  add({1, 129, 20, 100.0, 0.4}, Size::small);
  for (const Size size : {Size::large, Size::huge}) {
    add({measured_batch(size), 10647, 80, 416.0, 0.01}, size);
    add({measured_batch(size), 10647, 3, 416.0, 1.0}, size);
  }
  return list;
}

const Registration registration(cases(), {});

}  // namespace
}  // namespace sleight::cases

#include "tests/cases/yolo_objects.h"

#include <algorithm>

#include "engine/value/random.h"
#include "kernels/yolo_assign.h"
#include "kernels/yolo_loss_terms.h"

namespace sleight::cases {

namespace {

RandomStream random_of(const YoloShape& shape, std::uint64_t what) {
  return RandomStream(20, RandomPurpose::test, what, static_cast<std::uint64_t>(shape.places() + shape.objects));
}

template <class T>
std::vector<T> converted(const std::vector<double>& values) {
  std::vector<T> result;
  for (const double value : values)
    result.push_back(static_cast<T>(value));
  return result;
}

}  // namespace

ops::YoloAnchors yolo_anchors() {
  return {{{10, 13}, {16, 30}, {33, 23}, {30, 61}, {62, 45}, {59, 119}, {116, 90}, {156, 198}, {373, 326}}};
}

std::vector<double> anchor_numbers() {
  std::vector<double> numbers;
  for (const kernels::AnchorSize& anchor : yolo_anchors())
    numbers.insert(numbers.end(), {static_cast<double>(anchor.width), static_cast<double>(anchor.height)});
  return numbers;
}

std::vector<double> object_boxes(const YoloShape& shape) {
  RandomStream random = random_of(shape, 1);
  const auto stride = static_cast<double>(shape.stride());
  const double width = stride * static_cast<double>(shape.width);
  const double height = stride * static_cast<double>(shape.height);
  std::vector<double> boxes;
  for (std::int64_t n = 0; n < shape.batch; ++n) {
    double x = 0;
    double y = 0;
    kernels::AnchorSize anchor;
    for (std::int64_t m = 0; m < shape.objects; ++m) {
      if (m != 1) {  // the second object has the place of the first
        x = random.uniform(0.0, width);
        y = random.uniform(0.0, height);
        // Most of them belong to the scale of the shape.
        const std::int64_t number = m % 4 == 3 ? random.below(9) : 3 * shape.scale + random.below(3);
        anchor = yolo_anchors()[static_cast<std::size_t>(number)];
      }
      if (m == 2) x = stride;
      if (m == 3) y = stride;
      if (m == 4) x = width;
      if (m == 5) y = height;
      if (m == 6) x = -stride;
      const double box_width = m == 7 ? 0.0 : random.uniform(0.75, 1.25) * static_cast<double>(anchor.width);
      const double box_height = random.uniform(0.75, 1.25) * static_cast<double>(anchor.height);
      boxes.insert(boxes.end(), {x - box_width / 2, y - box_height / 2, x + box_width / 2, y + box_height / 2});
    }
  }
  return boxes;
}

std::vector<double> object_classes(const YoloShape& shape) {
  RandomStream random = random_of(shape, 2);
  std::vector<double> classes;
  for (std::int64_t i = 0; i < shape.batch * shape.objects; ++i)
    classes.push_back(i % shape.objects > 7 && random.below(4) == 0 ? -1.0
                                                                    : static_cast<double>(random.below(shape.classes)));
  return classes;
}

std::vector<double> object_weights(const YoloShape& shape) {
  std::vector<double> weights;
  for (std::int64_t i = 0; i < shape.batch * shape.objects; ++i)
    weights.push_back(i % 3 == 0 ? 1.0 : i % 3 == 1 ? 0.3 : 0.7);
  return weights;
}

std::vector<double> best_anchors(const YoloShape& shape) {
  const std::vector<float> boxes = converted<float>(object_boxes(shape));
  const std::vector<std::int32_t> classes = converted<std::int32_t>(object_classes(shape));
  std::vector<std::int32_t> best(classes.size());
  kernels::YoloAssign assign{boxes.data(), classes.data(), static_cast<std::int64_t>(classes.size()), {}, best.data()};
  std::ranges::copy(yolo_anchors(), assign.anchors);
  kernels::yolo_assign(kernels::Cpu{}, assign);
  return {best.begin(), best.end()};
}

std::vector<double> assigned_places(const YoloShape& shape) {
  const std::vector<float> boxes = converted<float>(object_boxes(shape));
  const std::vector<std::int32_t> best = converted<std::int32_t>(best_anchors(shape));
  const kernels::YoloObjects objects{boxes.data(), nullptr, nullptr, best.data(), shape.objects};
  kernels::YoloScale scale;
  scale.height = static_cast<std::int32_t>(shape.height);
  scale.width = static_cast<std::int32_t>(shape.width);
  scale.scale = static_cast<std::int32_t>(shape.scale);
  std::vector<double> assigned;
  for (std::int64_t i = 0; i < shape.places(); ++i)
    assigned.push_back(i % 3 == 1 ? kernels::yolo_ignored : kernels::yolo_negative);
  for (std::int64_t object = 0; object < shape.batch * shape.objects; ++object) {
    const std::int32_t place = kernels::place_of_object(scale, objects, object);
    if (place >= 0)
      assigned[static_cast<std::size_t>(object / shape.objects * scale.places() + place)] =
          static_cast<double>(object % shape.objects);
  }
  return assigned;
}

std::vector<Input> object_inputs(const YoloShape& shape) {
  const Shape per_object = {shape.batch, shape.objects};
  return {made({shape.batch, shape.objects, 4}, Kind::float32, [shape] { return object_boxes(shape); }),
          made(per_object, Kind::int32, [shape] { return object_classes(shape); }),
          made(per_object, Kind::float32, [shape] { return object_weights(shape); })};
}

}  // namespace sleight::cases

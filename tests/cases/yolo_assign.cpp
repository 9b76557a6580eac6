#include "tests/cases/yolo_objects.h"

namespace sleight::cases {
namespace {

std::vector<Case> cases() {
  std::vector<Case> list;
  const auto add = [&](const YoloShape& shape, Size size) {
    std::vector<Input> inputs = object_inputs(shape);
    inputs.pop_back();
    list.push_back({.operation = &operations::yolo_assign,
                    .label = to_string(Shape{shape.batch, shape.objects}),
                    .inputs = inputs,
                    .attributes = {{"anchors", anchor_numbers()}},
                    .bfloat16 = false,
                    .size = size});
  };
  add({1, 3, 5, 3, 0, 1}, Size::small);
  add({3, 4, 7, 3, 1, 67}, Size::small);
  for (const Size size : {Size::large, Size::huge})
    add({measured_batch(size), 52, 52, 80, 0, 50}, size);
  return list;
}

const Registration registration(cases(), {});

}  // namespace
}  // namespace sleight::cases

#include "tests/cases/yolo_objects.h"

namespace sleight::cases {
namespace {

std::vector<Case> cases() {
  std::vector<Case> list;
  // The grid of the coarsest scale.
  const auto add = [&](std::int64_t batch, std::int64_t height, std::int64_t width, std::int64_t classes, Size size) {
    const std::int64_t channels = 3 * (5 + classes);
    list.push_back({.operation = &operations::yolo_decode,
                    .label = to_string(Shape{batch, height, width, channels}),
                    .inputs = {numbers({batch, 4 * height, 4 * width, channels}, -1.5, 1.5),
                               numbers({batch, 2 * height, 2 * width, channels}, -1.5, 1.5),
                               numbers({batch, height, width, channels}, -1.5, 1.5)},
                    .attributes = {{"anchors", anchor_numbers()}},
                    .size = size});
  };
  add(1, 1, 1, 1, Size::small);
  add(2, 1, 3, 3, Size::small);
  add(3, 2, 1, 20, Size::small);
  add(1, 1, 2, 80, Size::small);
  add(2, 1, 1, 131, Size::small);  // more than four classes for a lane
  for (const Size size : {Size::large, Size::huge})
    add(measured_batch(size), 13, 13, 80, size);
  return list;
}

const Registration registration(cases(), {});

}  // namespace
}  // namespace sleight::cases

#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

struct Shapes {
  std::int64_t images, source_height, source_width;
  std::int64_t batch, height, width, channels;
  bool flipped, mixed;
};

void add(std::vector<Case>& list, const Shapes& s, Size size) {
  const Input windows{.shape = {s.batch, 2}, .kind = Kind::int32, .low = -5.0, .high = 5.0};
  list.push_back({.operation = &operations::image_prepare_resident,
                  .label = to_string(Shape{s.images, s.source_height, s.source_width, 3}) + " to " +
                           to_string(Shape{s.batch, s.height, s.width, s.channels}) + (s.flipped ? " flipped" : "") +
                           (s.mixed ? " mixed" : ""),
                  .inputs = {bytes({s.images, s.source_height, s.source_width, 3}), labels(s.batch, s.images), windows,
                             s.flipped ? labels(s.batch, 2) : absent(), s.mixed ? partners(s.batch) : absent(),
                             s.mixed ? lambdas(s.batch) : absent()},
                  .attributes = {{"height", {static_cast<double>(s.height)}},
                                 {"width", {static_cast<double>(s.width)}},
                                 {"channels", {static_cast<double>(s.channels)}},
                                 {"mean", {125.307, 122.950, 113.865}},
                                 {"deviation", {62.993, 62.089, 66.705}}},
                  .element_attribute = true,
                  .size = size});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const std::int64_t channels : {3, 4, 8}) {
    add(list, {4, 6, 7, 3, 5, 7, channels, true, true}, Size::small);
    add(list, {3, 3, 4, 5, 3, 4, channels, false, false}, Size::small);
  }
  // Windows larger than the images, and in several blocks each.
  add(list, {5, 3, 2, 7, 9, 11, 3, true, true}, Size::small);
  add(list, {3, 41, 43, 2, 41, 43, 3, true, true}, Size::small);
  add(list, {3, 40, 64, 2, 40, 64, 3, false, true}, Size::small);
  // Images of CIFAR-10.
  add(list, {4096, 32, 32, 128, 32, 32, 3, true, true}, Size::large);
  add(list, {16384, 32, 32, 8192, 32, 32, 3, true, true}, Size::huge);
  add(list, {512, 224, 224, 256, 224, 224, 3, true, false}, Size::huge);
  return list;
}

const Registration registration(cases(), {});

}  // namespace
}  // namespace sleight::cases

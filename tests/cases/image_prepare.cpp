#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

void add(std::vector<Case>& list, const Shape& shape, double channels, bool flipped, bool mixed, Size size) {
  list.push_back({.operation = &operations::image_prepare,
                  .label = to_string(shape) + " to " + std::to_string(static_cast<int>(channels)) +
                           (flipped ? " flipped" : "") + (mixed ? " mixed" : ""),
                  .inputs = {bytes(shape), flipped ? labels(shape[0], 2) : absent(),
                             mixed ? partners(shape[0]) : absent(), mixed ? lambdas(shape[0]) : absent()},
                  .attributes = {{"channels", {channels}},
                                 {"mean", {123.68, 116.779, 103.939}},
                                 {"deviation", {58.393, 57.12, 57.375}}},
                  .element_attribute = true,
                  .size = size});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const double channels : {3.0, 4.0, 8.0}) {
    add(list, {3, 5, 7, 3}, channels, true, true, Size::small);
    add(list, {2, 3, 4, 3}, channels, false, false, Size::small);
  }
  add(list, {5, 9, 11, 3}, 3.0, false, true, Size::small);
  add(list, {8, 224, 224, 3}, 3.0, true, true, Size::large);
  add(list, {256, 224, 224, 3}, 3.0, true, true, Size::huge);
  add(list, {128, 32, 32, 3}, 3.0, true, true, Size::large);
  return list;
}

const Registration registration(cases(), {});

}  // namespace
}  // namespace sleight::cases

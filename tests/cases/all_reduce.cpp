// With the communicator of one rank what arrives is what was given: in every type and layout, in its own memory or not.
#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

std::vector<Case> cases() {
  std::vector<Case> list;
  const auto add = [&](const Shape& shape, bool mean, Size size) {
    list.push_back({.operation = &operations::all_reduce,
                    .label = to_string(shape) + (mean ? " mean" : ""),
                    .inputs = {numbers(shape)},
                    .attributes = {{"mean", {mean ? 1.0 : 0.0}}},
                    .size = size});
  };
  for (const Shape& shape : {Shape{1}, Shape{19}, Shape{7, 5, 3, 19}, Shape{3, 5, 2, 32}}) {
    add(shape, false, Size::small);
    add(shape, true, Size::small);
  }
  add({25'557'032}, true, Size::large);
  return list;
}

const Registration registration(cases(), {});

}  // namespace
}  // namespace sleight::cases

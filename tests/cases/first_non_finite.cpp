// Lists without a bad value: the whole of them is searched. What is found is the matter of
// tests/kernels/first_non_finite_test.cpp.
#include "engine/ops/ops.h"
#include "tests/cases/case.h"
#include "tests/cases/resnet50_tensors.h"

namespace sleight::cases {
namespace {

std::vector<Case> cases() {
  std::vector<Case> list;
  const auto add = [&](const std::string& label, const std::vector<Shape>& tensors, Size size) {
    std::vector<Input> inputs;
    for (const Shape& shape : tensors)
      inputs.push_back(inputs.size() % 2 == 0 ? numbers(shape) : accumulators(shape));
    list.push_back({.operation = &operations::first_non_finite, .label = label, .inputs = inputs, .size = size});
  };
  add("1 number", {{1}}, Size::small);
  add("4 tensors", {{4099}, {3, 5}, {1}, {7, 3, 3, 5}}, Size::small);
  add("images", {{2, 3, 5, 32}, {3}}, Size::small);
  add("4 large tensors", {{2048, 1000}, {512, 3, 3, 512}, {2048}, {256, 64}}, Size::large);
  add("parameters of a ResNet-50", resnet50_parameters(), Size::huge);
  return list;
}

const Registration registration(cases(), {});

}  // namespace
}  // namespace sleight::cases

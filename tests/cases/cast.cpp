#include "engine/ops/ops.h"
#include "tests/cases/case.h"
#include "tests/cases/resnet50_tensors.h"

namespace sleight::cases {
namespace {

std::vector<Case> cases() {
  std::vector<Case> list;
  const auto add = [&](const Shape& shape, Size size) {
    list.push_back({.operation = &operations::cast,
                    .label = to_string(shape) + " from float32",
                    .inputs = {{.shape = shape, .kind = Kind::float32}},
                    .element_attribute = true,
                    .size = size});
    list.push_back({.operation = &operations::cast,
                    .label = to_string(shape) + " to float32",
                    .inputs = {numbers(shape)},
                    .attributes = {{"element", {static_cast<double>(DataType::float32)}}},
                    .size = size});
  };
  for (const Shape& shape : {Shape{1}, Shape{1031}, Shape{3, 5, 2, 16}})
    add(shape, Size::small);
  add({25'557'032}, Size::large);
  const auto add_list = [&](const std::string& tensors, const std::vector<Shape>& shapes, Size size) {
    std::vector<Input> inputs;
    for (const Shape& shape : shapes)
      inputs.push_back({.shape = shape, .kind = Kind::float32});
    list.push_back({.operation = &operations::cast_list,
                    .label = tensors + " from float32",
                    .inputs = inputs,
                    .element_attribute = true,
                    .size = size});
  };
  add_list("4 tensors", {{1}, {4099}, {3, 5, 2, 16}, {8192}}, Size::small);
  add_list("54 tensors", std::vector<Shape>(54, Shape{473'280}), Size::large);
  add_list("weights of a ResNet-50", resnet50_weights(), Size::huge);
  return list;
}

// A cast to float32 has steps instead of a slope; what the rule does with types is tested in tests/program.
std::vector<GradientCase> gradient_cases() {
  return {{"cast/31 float64 to float64", [](GradientTrace& g) {
             return g.tracer.emit_one(operations::cast, {g.value(numbers({31}))},
                                      {{"element", {static_cast<double>(DataType::float64)}}});
           }}};
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases

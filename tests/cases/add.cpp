#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const Shape& shape : {Shape{1}, Shape{1031}, Shape{7, 5, 3, 19}, Shape{2, 3, 5, 32}}) {
    list.push_back({&operations::add, to_string(shape), {numbers(shape), numbers(shape)}});
  }
  for (const Size size : {Size::large, Size::huge}) {
    const Shape shape = {measured_batch(size), 56, 56, 256};
    list.push_back({.operation = &operations::add,
                    .label = to_string(shape),
                    .inputs = {numbers(shape), numbers(shape)},
                    .size = size});
  }
  return list;
}

std::vector<GradientCase> gradient_cases() {
  return {{"add/2x3x5x7",
           [](GradientTrace& g) {
             const ValueId a = g.value(numbers({2, 3, 5, 7}));
             return ops::add(g.tracer, a, g.value(numbers({2, 3, 5, 7})));
           }},
          {"add/17 a value to itself", [](GradientTrace& g) {
             const ValueId a = g.value(numbers({17}));
             return ops::add(g.tracer, ops::add(g.tracer, a, a), a);
           }}};
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases

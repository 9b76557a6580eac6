#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

struct Shapes {
  std::int64_t rows, input_features, output_features;

  Shape x() const { return {rows, input_features}; }
  Shape weights() const { return {output_features, input_features}; }
  Shape y() const { return {rows, output_features}; }
  std::string label() const { return to_string(x()) + " to " + std::to_string(output_features); }
};

void add_all(std::vector<Case>& list, const Shapes& shapes, Size size) {
  for (const bool with_bias : {true, false}) {
    if (!with_bias && size != Size::small) continue;
    list.push_back({.operation = &operations::linear,
                    .label = shapes.label() + (with_bias ? " with bias" : ""),
                    .inputs = {numbers(shapes.x()), numbers(shapes.weights()),
                               with_bias ? numbers({shapes.output_features}) : absent()},
                    .reduction = shapes.input_features + 1,
                    .size = size});
  }
  list.push_back({.operation = &operations::linear_backward_data,
                  .label = shapes.label(),
                  .inputs = {numbers(shapes.y()), numbers(shapes.weights())},
                  .reduction = shapes.output_features + 1,
                  .size = size});
  list.push_back({.operation = &operations::linear_backward_weights,
                  .label = shapes.label(),
                  .inputs = {numbers(shapes.x()), numbers(shapes.y())},
                  .reduction = shapes.rows + 1,
                  .size = size});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const Shapes& shapes : {Shapes{1, 1, 1}, Shapes{3, 19, 10}, Shapes{7, 64, 33}})
    add_all(list, shapes, Size::small);
  add_all(list, {8, 2048, 1000}, Size::large);
  add_all(list, {128, 64, 10}, Size::large);
  add_all(list, {256, 2048, 1000}, Size::huge);
  return list;
}

std::vector<GradientCase> gradient_cases() {
  return {{"linear/5x7 to 3",
           [](GradientTrace& g) {
             const ValueId x = g.value(numbers({5, 7}));
             const ValueId weights = g.value(numbers({3, 7}));
             return ops::linear(g.tracer, x, weights, g.value(numbers({3})));
           }},
          {"linear/4x3 to 6 without bias", [](GradientTrace& g) {
             const ValueId x = g.value(numbers({4, 3}));
             return ops::linear(g.tracer, x, g.value(numbers({6, 3})), no_value);
           }}};
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases

#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

using kernels::Smoothing;

struct Shapes {
  std::int64_t rows, classes;
  double smoothing;
  Smoothing convention;
  bool mixed;

  std::string label() const {
    return to_string(Shape{rows, classes}) +
           (smoothing == 0.0                  ? ""
            : convention == Smoothing::others ? " others"
                                              : " uniform") +
           (mixed ? " mixed" : "");
  }
};

void add_all(std::vector<Case>& list, const Shapes& shapes, Size size) {
  const auto& [rows, classes, smoothing, convention, mixed] = shapes;
  const Attributes attributes = {{"smoothing", {smoothing}}, {"convention", {static_cast<double>(convention)}}};
  const std::vector<Input> forward = {numbers({rows, classes}, -4.0, 4.0), labels(rows, classes),
                                      mixed ? labels(rows, classes) : absent(), mixed ? lambdas(rows) : absent()};
  std::vector<Input> backward = forward;
  backward.push_back(accumulators({rows}, 3.0, 4.0));  // log_sum_exp
  backward.push_back(accumulators({rows}, 0.25, 1.0));
  std::vector<Input> with_gradient = forward;
  with_gradient.push_back(accumulators({1}, 0.5, 2.0));  // the gradient of the mean
  list.push_back({.operation = &operations::softmax_cross_entropy,
                  .label = shapes.label(),
                  .inputs = forward,
                  .attributes = attributes,
                  .reduction = classes,
                  .size = size});
  list.push_back({.operation = &operations::softmax_cross_entropy_backward,
                  .label = shapes.label(),
                  .inputs = backward,
                  .attributes = attributes,
                  .size = size});
  list.push_back({.operation = &operations::softmax_cross_entropy_with_gradient,
                  .label = shapes.label(),
                  .inputs = with_gradient,
                  .attributes = attributes,
                  .reduction = classes,
                  .size = size});
}

std::vector<Shapes> small_shapes() {
  return {{1, 2, 0.0, Smoothing::others, false},
          {5, 7, 0.1, Smoothing::others, false},
          {7, 10, 0.1, Smoothing::uniform, true},
          {3, 277, 0.0, Smoothing::uniform, true},
          {2, 1000, 0.1, Smoothing::others, true}};
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const Shapes& shapes : small_shapes())
    add_all(list, shapes, Size::small);
  // Rows that the GPU keeps whole, in part, and not at all.
  for (const std::int64_t classes : {1023, 1025, 4099, 8195})
    add_all(list, {2, classes, 0.1, Smoothing::others, true}, Size::small);
  add_all(list, {8, 1000, 0.1, Smoothing::others, true}, Size::large);
  add_all(list, {128, 10, 0.1, Smoothing::others, true}, Size::large);
  // A batch of a training on a GPU, and so many rows that its caches cannot hold them.
  for (const std::int64_t rows : {256, 32768})
    add_all(list, {rows, 1000, 0.1, Smoothing::others, true}, Size::huge);
  return list;
}

std::vector<GradientCase> gradient_cases() {
  std::vector<GradientCase> list;
  for (const Shapes& shapes : small_shapes()) {
    if (shapes.classes > 300) continue;
    list.push_back({"softmax_cross_entropy/" + shapes.label(), [shapes](GradientTrace& g) {
                      const ValueId logits = g.value(numbers({shapes.rows, shapes.classes}, -4.0, 4.0));
                      const ValueId label = g.value(labels(shapes.rows, shapes.classes));
                      const ValueId second = g.value(shapes.mixed ? labels(shapes.rows, shapes.classes) : absent());
                      const ValueId lambda = g.value(shapes.mixed ? lambdas(shapes.rows) : absent());
                      return ops::softmax_cross_entropy(
                          g.tracer, logits, label, second, lambda,
                          {.smoothing = shapes.smoothing, .convention = shapes.convention});
                    }});
  }
  return list;
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases

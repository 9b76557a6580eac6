#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

void add_both(std::vector<Case>& list, const Shape& shape, Size size) {
  list.push_back({.operation = &operations::bias,
                  .label = to_string(shape),
                  .inputs = {numbers(shape), accumulators({shape.back()})},
                  .size = size});
  list.push_back({.operation = &operations::bias_gradient,
                  .label = to_string(shape),
                  .inputs = {numbers(shape)},
                  .reduction = element_count(shape) / shape.back(),
                  .size = size});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const Shape& shape : {Shape{1, 1}, Shape{7, 10}, Shape{3, 277}, Shape{2, 7, 5, 19}, Shape{3, 11, 5, 32}})
    add_both(list, shape, Size::small);
  for (const Size size : {Size::large, Size::huge})
    add_both(list, {measured_batch(size), 56, 56, 256}, size);
  return list;
}

std::vector<GradientCase> gradient_cases() {
  std::vector<GradientCase> list;
  for (const Shape& shape : {Shape{5, 7}, Shape{2, 3, 4, 5}}) {
    list.push_back({"bias/" + to_string(shape), [shape](GradientTrace& g) {
                      const ValueId x = g.value(numbers(shape));
                      return ops::bias(g.tracer, x, g.value(accumulators({shape.back()})));
                    }});
  }
  return list;
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases

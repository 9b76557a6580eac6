#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

void add_both(std::vector<Case>& list, const Shape& images, Size size) {
  list.push_back({.operation = &operations::global_average_pool,
                  .label = to_string(images),
                  .inputs = {numbers(images)},
                  .reduction = images[1] * images[2],
                  .size = size});
  list.push_back(
      {.operation = &operations::global_average_pool_backward,
       .label = to_string(images),
       .inputs = {numbers({images[0], images[3]})},
       .attributes = {{"height", {static_cast<double>(images[1])}}, {"width", {static_cast<double>(images[2])}}},
       .size = size});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const Shape& shape : {Shape{1, 1, 1, 1}, Shape{3, 7, 5, 19}, Shape{2, 5, 3, 32}, Shape{2, 9, 11, 64}})
    add_both(list, shape, Size::small);
  add_both(list, {8, 7, 7, 2048}, Size::large);
  add_both(list, {256, 7, 7, 2048}, Size::huge);
  add_both(list, {128, 8, 8, 64}, Size::large);
  return list;
}

std::vector<GradientCase> gradient_cases() {
  return {{"global_average_pool/2x3x5x7", [](GradientTrace& g) {
             return ops::global_average_pool(g.tracer, g.value(numbers({2, 3, 5, 7})));
           }}};
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases

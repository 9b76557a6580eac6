#include "engine/ops/ops.h"
#include "tests/cases/pooling_window.h"

namespace sleight::cases {
namespace {

void add_both(std::vector<Case>& list, const PoolingShape& shape, Size size) {
  const auto& [pictures, window] = shape;
  const Shape pooled = pooled_shape(pictures, window);
  const std::int64_t terms = window.kernel * window.kernel;
  list.push_back({.operation = &operations::max_pool,
                  .label = label_of(pictures, window),
                  .inputs = {numbers(pictures)},
                  .attributes = window_attributes(window),
                  .size = size});
  list.push_back({.operation = &operations::max_pool_backward,
                  .label = label_of(pictures, window),
                  .inputs = {numbers(pooled), bytes(pooled, terms)},
                  .attributes = window_attributes(window, pictures),
                  .reduction = terms,
                  .size = size});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const PoolingShape& shape : small_pooling_shapes())
    add_both(list, shape, Size::small);
  for (const Size size : {Size::large, Size::huge})
    add_both(list, {{measured_batch(size), 112, 112, 64}, {.kernel = 3, .stride = 2, .padding = 1}}, size);
  return list;
}

std::vector<GradientCase> gradient_cases() {
  std::vector<GradientCase> list;
  for (const PoolingShape& shape : gradient_pooling_shapes()) {
    list.push_back({"max_pool/" + label_of(shape.pictures, shape.window), [shape](GradientTrace& g) {
                      return ops::max_pool(g.tracer, g.value(numbers(shape.pictures)), shape.window);
                    }});
  }
  return list;
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases

#include "engine/ops/ops.h"
#include "tests/cases/pooling_window.h"

namespace sleight::cases {
namespace {

void add_both(std::vector<Case>& list, const PoolingShape& shape, Size size) {
  const auto& [pictures, window] = shape;
  const std::int64_t terms = window.kernel * window.kernel;
  list.push_back({.operation = &operations::average_pool,
                  .label = label_of(pictures, window),
                  .inputs = {numbers(pictures)},
                  .attributes = window_attributes(window),
                  .reduction = terms,
                  .size = size});
  list.push_back({.operation = &operations::average_pool_backward,
                  .label = label_of(pictures, window),
                  .inputs = {numbers(pooled_shape(pictures, window))},
                  .attributes = window_attributes(window, pictures),
                  .reduction = terms,
                  .size = size});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const PoolingShape& shape : small_pooling_shapes())
    add_both(list, shape, Size::small);
  for (const Size size : {Size::large, Size::huge})
    add_both(list, {{measured_batch(size), 56, 56, 256}, {.kernel = 2, .stride = 2, .ceil_mode = true}}, size);
  return list;
}

std::vector<GradientCase> gradient_cases() {
  std::vector<GradientCase> list;
  for (const PoolingShape& shape : gradient_pooling_shapes()) {
    list.push_back({"average_pool/" + label_of(shape.pictures, shape.window), [shape](GradientTrace& g) {
                      return ops::average_pool(g.tracer, g.value(numbers(shape.pictures)), shape.window);
                    }});
  }
  return list;
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases

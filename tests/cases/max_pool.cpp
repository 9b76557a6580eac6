#include "engine/ops/ops.h"
#include "tests/cases/pooling_window.h"

namespace sleight::cases {
namespace {

void add_both(std::vector<Case>& list, const PoolingShape& shape, Size size) {
  const auto& [images, window] = shape;
  const Shape pooled = pooled_shape(images, window);
  const std::int64_t terms = window.kernel * window.kernel;
  list.push_back({.operation = &operations::max_pool,
                  .label = label_of(images, window),
                  .inputs = {numbers(images)},
                  .attributes = window_attributes(window),
                  .size = size});
  list.push_back({.operation = &operations::max_pool_backward,
                  .label = label_of(images, window),
                  .inputs = {numbers(pooled), bytes(pooled, terms)},
                  .attributes = window_attributes(window, images),
                  .reduction = terms,
                  .size = size});
}

const Registration registration(pooling_cases(add_both, {{8, 112, 112, 64}, {.kernel = 3, .stride = 2, .padding = 1}}),
                                pooling_gradient_cases("max_pool", ops::max_pool));

}  // namespace
}  // namespace sleight::cases

#include "engine/ops/ops.h"
#include "tests/cases/pooling_window.h"

namespace sleight::cases {
namespace {

void add_both(std::vector<Case>& list, const PoolingShape& shape, Size size) {
  const auto& [images, window] = shape;
  const std::int64_t terms = window.kernel * window.kernel;
  list.push_back({.operation = &operations::average_pool,
                  .label = label_of(images, window),
                  .inputs = {numbers(images)},
                  .attributes = window_attributes(window),
                  .reduction = terms,
                  .size = size});
  list.push_back({.operation = &operations::average_pool_backward,
                  .label = label_of(images, window),
                  .inputs = {numbers(pooled_shape(images, window))},
                  .attributes = window_attributes(window, images),
                  .reduction = terms,
                  .size = size});
}

const Registration registration(pooling_cases(add_both,
                                              {{8, 56, 56, 256}, {.kernel = 2, .stride = 2, .ceil_mode = true}}),
                                pooling_gradient_cases("average_pool", ops::average_pool));

}  // namespace
}  // namespace sleight::cases

#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

std::vector<Case> cases() {
  std::vector<Case> list;
  const auto add = [&](std::int64_t count, Size size) {
    list.push_back({.operation = &operations::reduce_mean,
                    .label = std::to_string(count),
                    .inputs = {accumulators({count})},
                    .reduction = count,
                    .bfloat16 = false,
                    .size = size});
    list.push_back({.operation = &operations::reduce_mean_backward,
                    .label = std::to_string(count),
                    .inputs = {accumulators({1})},
                    .attributes = {{"count", {static_cast<double>(count)}}},
                    .bfloat16 = false,
                    .size = size});
  };
  for (const std::int64_t count : {1, 7, 1031})
    add(count, Size::small);
  add(128, Size::large);
  return list;
}

std::vector<GradientCase> gradient_cases() {
  return {{"reduce_mean/19", [](GradientTrace& g) { return ops::reduce_mean(g.tracer, g.value(accumulators({19}))); }}};
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases

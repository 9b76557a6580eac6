#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

std::vector<Case> cases() {
  std::vector<Case> list;
  for (int index = 0; index < kernels::LiveScalar::count; ++index) {
    list.push_back({.operation = &operations::live_scalar,
                    .label = "number " + std::to_string(index),
                    .inputs = {live_scalars()},
                    .attributes = {{"index", {static_cast<double>(index)}}},
                    .bfloat16 = false});
  }
  // There is no larger one: a measurement of this is one of a launch.
  list.push_back({.operation = &operations::live_scalar,
                  .label = "one number",
                  .inputs = {live_scalars()},
                  .attributes = {{"index", {0.0}}},
                  .bfloat16 = false,
                  .size = Size::large});
  return list;
}

const Registration registration(cases(), {});

}  // namespace
}  // namespace sleight::cases

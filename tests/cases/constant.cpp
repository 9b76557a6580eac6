#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

std::vector<Case> cases() {
  std::vector<Case> list;
  const auto add = [&](double value, std::int64_t count, Size size) {
    list.push_back({.operation = &operations::constant,
                    .label = std::to_string(count) + (value < 0.0 ? " negative" : ""),
                    .attributes = {{"value", {value}}, {"count", {static_cast<double>(count)}}},
                    .element_attribute = true,
                    .size = size});
  };
  add(1.0, 1, Size::small);
  add(-0.75, 1031, Size::small);
  add(1.0, 1 << 20, Size::large);
  add(1.0, 1 << 26, Size::huge);
  return list;
}

const Registration registration(cases(), {});

}  // namespace
}  // namespace sleight::cases

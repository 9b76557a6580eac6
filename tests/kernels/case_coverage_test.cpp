// No operation of the table may be left out of the cases: neither by its numbers nor by its gradient.
#include <set>

#include "catch2_adapter.h"
#include "engine/ops/ops.h"
#include "tests/cases/check_gradient.h"

namespace sleight::cases {

TEST_CASE("every operation has small cases for tests and large ones for measurements") {
  std::set<const Operation*> small, large;
  std::set<std::string> names;
  for (const Case& description : all_cases()) {
    (description.size == Size::small ? small : large).insert(description.operation);
    INFO(description.name());
    CHECK(names.insert(description.name()).second);
  }
  for (const Operation* operation : operations::table()) {
    INFO(operation->name);
    CHECK(small.contains(operation));
    CHECK(large.contains(operation));
  }
}

TEST_CASE("every operation with a gradient rule is differentiated by a case") {
  std::set<std::string_view> differentiated;
  std::set<std::string> names;
  for (const GradientCase& description : all_gradient_cases()) {
    differentiated.merge(differentiated_operations(description));
    INFO(description.name);
    CHECK(names.insert(description.name).second);
  }
  for (const Operation* operation : operations::table()) {
    if (operation->gradient == nullptr) continue;
    INFO(operation->name);
    CHECK(differentiated.contains(operation->name));
  }
}

TEST_CASE("cases reach odd extents, and the blocked layout wherever an operation of pictures takes it") {
  const Device cpu("cpu");
  std::set<std::string_view> blocked;
  for (const Case& description : all_cases()) {
    if (description.size != Size::small) continue;
    for (const Input& input : description.inputs) {
      if (input.shape.size() == 4 && cpu.preferred_lanes(input.shape[3]) != input.shape[3])
        blocked.insert(description.operation->name);
    }
  }
  for (const Case& description : all_cases()) {
    const bool pictures = !description.inputs.empty() && description.inputs.front().shape.size() == 4;
    if (!description.operation->any_layout || !pictures || cpu.preferred_lanes(64) == 64) continue;
    INFO(description.name());
    CHECK(blocked.contains(description.operation->name));
  }
}

}  // namespace sleight::cases

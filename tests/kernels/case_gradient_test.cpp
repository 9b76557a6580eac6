// The gradient rule of every operation against central differences in float64.
#include "catch2_adapter.h"
#include "tests/cases/check_gradient.h"

namespace sleight::cases {

TEST_CASE("cases: gradient rules agree with differences") {
  for (const GradientCase& description : all_gradient_cases()) {
    SECTION(description.name) {
      for (const GradientCheck& check : check_gradient(description)) {
        INFO(check.value << ": largest gradient " << check.largest << ", largest error " << check.largest_error);
        CHECK(check.largest > 0.0);
        CHECK(check.largest_error <= 1e-7 * check.largest + 1e-9);
      }
    }
  }
}

}  // namespace sleight::cases

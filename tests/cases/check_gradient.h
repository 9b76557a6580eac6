// Numeric gradients: what the gradient rules of a program say, against central differences in float64.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/cases/case.h"

namespace sleight::cases {

struct GradientCheck {
  std::string value;           // which parameter
  double largest = 0.0;        // the largest element of its gradient
  double largest_error = 0.0;  // against the difference; NaN when any is NaN
};

// Runs the case on the cpu; one entry for each value of kind activation or accumulator. Throws Error when the
// projection does not depend on one of them.
std::vector<GradientCheck> check_gradient(const GradientCase& description);

// The operations with a gradient rule that the program of the case holds.
std::set<std::string_view> differentiated_operations(const GradientCase& description);

}  // namespace sleight::cases

#include "tricks/warm_up.h"

#include "engine/base/error.h"

namespace sleight {

WarmUp parse_warm_up(const std::string& text) {
  if (text == "linear") return WarmUp::linear;
  if (text == "power4") return WarmUp::power4;
  fail("the form of the warm-up is 'linear' or 'power4', got '", text, "'");
}

std::string to_string(WarmUp form) {
  return form == WarmUp::linear ? "linear" : "power4";
}

double warm_up_factor(WarmUp form, std::int64_t iteration, std::int64_t warm_up_iterations) {
  if (iteration >= warm_up_iterations) return 1.0;
  const double share = static_cast<double>(iteration + 1) / static_cast<double>(warm_up_iterations);
  return form == WarmUp::linear ? share : share * share * share * share;
}

}  // namespace sleight

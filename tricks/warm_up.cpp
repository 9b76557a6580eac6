#include "tricks/warm_up.h"

#include <array>

#include "engine/base/choice.h"

namespace sleight {

namespace {

constexpr std::array<Named<WarmUp>, 2> forms = {{{WarmUp::linear, "linear"}, {WarmUp::power4, "power4"}}};

}  // namespace

WarmUp parse_warm_up(const std::string& text) {
  return parse_choice(forms, "the form of the warm-up", text);
}

std::string to_string(WarmUp form) {
  return name_in(forms, form);
}

double warm_up_factor(WarmUp form, std::int64_t iteration, std::int64_t warm_up_iterations) {
  if (iteration >= warm_up_iterations) return 1.0;
  const double share = static_cast<double>(iteration + 1) / static_cast<double>(warm_up_iterations);
  return form == WarmUp::linear ? share : share * share * share * share;
}

}  // namespace sleight

#include "tricks/zero_gamma.h"

#include "engine/base/error.h"

namespace sleight {

Receipt zero_gamma(Program& program) {
  std::int64_t gammas = 0;
  std::int64_t elements = 0;
  for (Parameter& parameter : program.parameters) {
    if (!parameter.ends_residual_branch) continue;
    check(parameter.role == ParameterRole::norm_scale, "'", program.value(parameter.value).name,
          "' is marked as the last scale of a residual branch but is not a batch-norm scale");
    parameter.initializer = Initializer::zeros;
    ++gammas;
    elements += program.value(parameter.value).type.count();
  }
  check(gammas > 0, "zero gamma is on, but the model marks no batch norm as the last of a residual branch; ",
        "switch it off for a model without residual branches that end in a batch norm");
  return {"zero gamma",
          {{"gammas zeroed", static_cast<double>(gammas)}, {"elements", static_cast<double>(elements)}},
          gammas};
}

}  // namespace sleight

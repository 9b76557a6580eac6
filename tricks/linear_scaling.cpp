#include "tricks/linear_scaling.h"

#include "engine/base/error.h"

namespace sleight {

double linearly_scaled_rate(double base_rate, std::int64_t global_batch_size) {
  check(base_rate > 0.0 && global_batch_size > 0, "linear scaling needs a positive rate and batch size, got ",
        base_rate, " and ", global_batch_size);
  return base_rate * static_cast<double>(global_batch_size) / static_cast<double>(linear_scaling_reference_batch);
}

Receipt linear_scaling_receipt(std::int64_t global_batch_size) {
  return {"linear scaling",
          {{"pictures in a global batch", static_cast<double>(global_batch_size)},
           {"times the base rate", linearly_scaled_rate(1.0, global_batch_size)}},
          1};
}

}  // namespace sleight

#include "tricks/linear_scaling.h"

#include <cmath>

#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr const char* receipt_name = "linear scaling";

}  // namespace

double linearly_scaled_rate(double base_rate, std::int64_t global_batch_size) {
  check(base_rate > 0.0 && global_batch_size > 0, "linear scaling needs a positive rate and batch size, got ",
        base_rate, " and ", global_batch_size);
  return base_rate * static_cast<double>(global_batch_size) / static_cast<double>(linear_scaling_reference_batch);
}

void LinearScaling::count(double rate_used, double rate_without) {
  const double wanted = linearly_scaled_rate(rate_without, batch_size_);
  // The step's rate is a float32.
  if (std::abs(rate_used - wanted) <= 1e-6 * wanted) ++steps_;
}

Receipt LinearScaling::receipt() const {
  return {receipt_name,
          {{"images in a global batch", static_cast<double>(batch_size_)},
           {"times the base rate", linearly_scaled_rate(1.0, batch_size_)}},
          steps_};
}

void LinearScaling::restore(std::span<const Receipt> receipts) {
  steps_ = find_receipt(receipts, receipt_name).fired;
}

}  // namespace sleight

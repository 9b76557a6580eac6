#include "engine/run/precision.h"

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "kernels/convolution.h"

namespace sleight {

Precision parse_precision(const std::string& text, const std::string& device) {
  if (text == "fp32") return {};
  if (text == "bf16") return {.element = DataType::bfloat16, .allow_tf32 = false};
  if (text == "fp16") return {.element = DataType::float16, .allow_tf32 = false};
  check(text == "tf32", "--precision is 'fp32', 'tf32', 'bf16' or 'fp16', got '", text, "'");
  check(device.starts_with("cuda"), "--precision tf32 says how the tensor cores of a GPU multiply, but --device is '",
        device, "'; take fp32 there");
  return {.element = DataType::float32, .allow_tf32 = true};
}

void warn_if_slow(const Precision& precision, const Device& device) {
  const bool offered = kernels::run_on(
      device.target(), [&](auto queue) { return kernels::offers_convolution(queue, precision.element); });
  // Builds without oneDNN say so themselves, whatever the precision.
  if (offered || precision.element == DataType::float32) return;
  log_warning("convolutions in ", name_of(precision.element), " are plain loops on ", device.name(),
              " here, many times slower than --precision fp32; this precision is meant for GPUs");
}

}  // namespace sleight

#include "tools/common/precision.h"

#include "engine/base/error.h"

namespace sleight {

Precision parse_precision(const std::string& text, const std::string& device) {
  if (text == "fp32") return {};
  if (text == "bf16") return {.element = DataType::bfloat16, .allow_tf32 = false};
  check(text == "tf32", "--precision is 'fp32', 'tf32' or 'bf16', got '", text, "'");
  check(device.starts_with("cuda"), "--precision tf32 says how the tensor cores of a GPU multiply, but --device is '",
        device, "'; take fp32 there");
  return {.element = DataType::float32, .allow_tf32 = true};
}

}  // namespace sleight

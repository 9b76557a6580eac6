// What the numbers of a run are stored in, and what its convolutions may do with them.
#pragma once

#include <string>

#include "engine/device/device.h"
#include "kernels/lib/types.h"

namespace sleight {

struct Precision {
  DataType element = DataType::float32;  // of activations and their gradients
  bool allow_tf32 = false;               // DeviceOptions::allow_tf32

  // float16 alone needs it: bfloat16 has the range of float32.
  bool scales_loss() const { return element == DataType::float16; }
  // Of a program that is used and not trained.
  DeviceOptions device_options() const {
    return {.deterministic = false, .allow_tf32 = allow_tf32, .graphs = true, .tuning_cache = {}};
  }
};

// "fp32", "tf32", "bf16" or "fp16", for a device by its name. Throws Error for any other text, and for tf32 on a device
// that has no tensor cores.
Precision parse_precision(const std::string& text, const std::string& device);

// A warning where this device computes convolutions of this precision with plain loops.
void warn_if_slow(const Precision& precision, const Device& device);

}  // namespace sleight

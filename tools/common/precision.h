// --precision: what the numbers of a run are stored in, and what its convolutions may do with them.
#pragma once

#include <string>

#include "engine/device/device.h"
#include "kernels/types.h"

namespace sleight {

struct Precision {
  DataType element = DataType::float32;  // of activations and their gradients
  bool allow_tf32 = false;               // DeviceOptions::allow_tf32
};

// "fp32", "tf32" or "bf16", for a device by its name. Throws Error for any other text, and for tf32 on a device that
// has no tensor cores.
Precision parse_precision(const std::string& text, const std::string& device);

}  // namespace sleight

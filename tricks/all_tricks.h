// All tricks, one line each.
#pragma once

#include <memory>
#include <vector>

#include "engine/train/trick.h"

namespace sleight {

// In the order in which help, logs and receipts list them. The flags are not resolved yet.
std::vector<std::unique_ptr<Trick>> classifier_tricks();
std::vector<std::unique_ptr<Trick>> detector_tricks();

}  // namespace sleight

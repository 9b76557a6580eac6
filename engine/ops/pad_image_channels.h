// The rule that both ways of preparing images share: engine/ops/pad_image_channels.cpp.
#pragma once

#include <span>

#include "engine/program/operation.h"

namespace sleight {

std::span<const FusionRule> image_prepare_rules();
std::span<const FusionRule> image_prepare_resident_rules();

}  // namespace sleight

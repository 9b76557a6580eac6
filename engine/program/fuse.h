// The third verb: rewrites parts of a program into fused forms that give the same numbers. The rules live with the
// fused operation (Operation::fusion_rules); this file only applies them until none fires.
#pragma once

#include <map>
#include <string_view>

#include "engine/program/program.h"

namespace sleight {

class Device;

// How often each rule fired.
using FusionCounts = std::map<std::string_view, int>;

struct FusionOptions {
  // The device for rules that depend on one (FusionRule::offered). Without it these rules do not fire.
  const Device* device = nullptr;
  // These rules fire on every device. A device without the fused form runs several passes: the numbers are right, and
  // nothing is gained.
  bool everything = false;
};
FusionCounts fuse(Program& program, const FusionOptions& options = {});

// Helpers for writing rules.
// Removes the step at index; its outputs must have no readers left.
void remove_step(Program& program, std::size_t index);
// Every reader of `from` at or after step `first` reads `to` instead.
void replace_uses(Program& program, ValueId from, ValueId to, std::size_t first = 0);

}  // namespace sleight

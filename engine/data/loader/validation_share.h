// Samples that are held out for evaluation where a dataset has no split for it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sleight {

inline constexpr double default_validation_share = 0.2;

// For each sample whether it is held out: of each stratum (a class) this share, rounded, and never all of it. Which ones
// is decided by a hash of their names, so every program and every machine holds out the same, in whatever order the
// files come, and a file that is added moves few others. At least one sample is held out, and at least one is not; Throws
// Error where there are fewer than two.
//
// names: distinct, paths below the dataset's folder; strata: one number per name; 0 < share < 1.
std::vector<bool> held_out(std::span<const std::string> names, std::span<const std::int64_t> strata, double share);

}  // namespace sleight

// The step that a training run stopped at because a number was not finite, run again, bit for bit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace sleight {

struct ReplayOptions {
  std::string device;          // empty: as the run
  std::optional<int> threads;  // as the run; another number takes sums in another order
};

struct Replay {
  std::int64_t step = 0;  // counted from 0
  std::string recorded;   // when the run stopped
  std::string observed;   // now, of the same phases
  std::string table;      // now, with the update
  bool reproduced() const { return recorded == observed; }
};

// Runs the failed step of the run in this folder again, all three phases. Throws Error when the folder has none, or
// when its two files are not of one step.
Replay replay_failed_step(const std::filesystem::path& run, const ReplayOptions& options);

}  // namespace sleight

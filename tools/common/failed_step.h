// A training step that gave a NaN or an infinity, kept on disk so that it can be run again, bit for bit.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "engine/train/learner.h"

namespace sleight {

// The inputs of the program as tensors by their names, with the live scalars of the step. observed: observation_table
// of the forward and the backward phase.
void save_failed_batch(const std::filesystem::path& path, const BatchInputs& batch, const Program& program,
                       std::int64_t step, const Context& context, const std::string& observed);

struct ReplayOptions {
  std::string device;          // empty: as the run
  std::optional<int> threads;  // as the run; another number takes sums in another order
};

struct Replay {
  std::int64_t step = 0;
  std::string recorded;  // when the run stopped
  std::string observed;  // now, of the same phases
  std::string table;     // now, with the update
  bool reproduced() const { return recorded == observed; }
};

// Runs the failed step of the run in this folder again, all three phases. Throws Error when the folder has none, or
// when its two files are not of one step.
Replay replay_failed_step(const std::filesystem::path& run, const ReplayOptions& options);

}  // namespace sleight

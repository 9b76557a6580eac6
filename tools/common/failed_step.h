// A training step that gave a NaN or an infinity, kept on disk so that it can be run again, bit for bit.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/batch_view.h"
#include "engine/program/execute.h"
#include "engine/train/step_observation.h"

namespace sleight {

// observed: observation_table of the forward and the backward phase.
void save_failed_batch(const std::filesystem::path& path, const BatchView& batch, std::int64_t step,
                       const Context& context, const std::string& observed);

struct FailedBatch {
  std::int64_t step = 0;
  std::string observed;
  std::vector<float> live_scalars;  // [LiveScalar::count]

  BatchView view() const { return {size, height, width, images, labels, flips, partners, lambdas}; }

  std::int64_t size = 0, height = 0, width = 0;
  std::vector<std::uint8_t> images;
  std::vector<std::int32_t> labels, flips, partners;
  std::vector<float> lambdas;
};

// Throws Error for a file that does not hold a batch of a classifier with so many classes.
FailedBatch load_failed_batch(const std::filesystem::path& path, std::int64_t classes);

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

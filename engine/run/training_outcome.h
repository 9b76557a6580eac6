// What a training run has come to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace sleight {

// What tells a good model from a better one: 0 to 1, more is better.
struct ScoreName {
  std::string key;   // "top1": in checkpoints, as best_top1 and last_top1
  std::string text;  // "top-1"
};

struct TrainingOutcome {
  bool evaluated = false;  // at least once, in this or an earlier part of the run
  bool finished = false;   // trained to the end, rather than stopped by a signal or --max-steps
  ScoreName score_name;
  double best_score = 0.0;
  double best_epoch = 0.0;
  double last_score = 0.0;
  std::filesystem::path folder;
};

// Why a run stopped before its end, and how to go on with it.
void log_stop(const std::filesystem::path& folder, const std::string& program, std::int64_t step, std::int64_t steps,
              bool by_signal);

// The last lines of a training tool; where there are no best weights, why not.
void log_outcome(const TrainingOutcome& outcome);

}  // namespace sleight

// The folder of a training run: one process at a time works in it, and starts by removing what killed processes left.
#pragma once

#include <filesystem>

#include "engine/base/folder_lock.h"
#include "engine/run/training_options.h"

namespace sleight {

// The files of a run's folder besides those of run_log.h.
inline constexpr const char* last_checkpoint_name = "last.safetensors";  // everything, to go on
inline constexpr const char* best_weights_name = "best.safetensors";     // the model alone, to use
inline constexpr const char* failed_batch_name = "failed_batch.safetensors";
inline constexpr const char* failed_state_name = "failed_state.safetensors";  // as last.safetensors, before the step

// --out, or else a folder of runs/ that is named for the model and the time. Throws Error for --resume without --out.
std::filesystem::path folder_of_run(const TrainingOptions& options);

class RunFolder {
 public:
  // Makes the folder if need be. Throws Error where another process works in it, where there is nothing to resume, and
  // without `resumes` where a run's weights would be written over.
  RunFolder(const std::filesystem::path& folder, bool resumes);

  bool has_checkpoint() const { return has_checkpoint_; }
  // Files of a run that ended before its first checkpoint: there is nothing in them to go on from.
  bool has_remains() const { return has_remains_; }

 private:
  FolderLock lock_;
  bool has_checkpoint_ = false, has_remains_ = false;
};

}  // namespace sleight

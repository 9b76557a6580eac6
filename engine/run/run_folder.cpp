#include "engine/run/run_folder.h"

#include <ctime>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/report/run_log.h"

namespace sleight {

namespace {

namespace fs = std::filesystem;

// Before the folder is made: to resume in a folder that is not there must not leave one.
const fs::path& made_folder(const fs::path& folder, bool resumes) {
  const bool has_run = fs::exists(folder / last_checkpoint_name) || fs::exists(folder / recipe_file_name);
  check(!resumes || has_run, "there is no checkpoint ", (folder / last_checkpoint_name).string(),
        " to resume from, and no ", recipe_file_name, "; start without --resume");
  std::error_code error;
  fs::create_directories(folder, error);
  check(!error, "cannot make the folder ", folder, ": ", error.message(), "; choose another one with --out");
  return folder;
}

}  // namespace

std::filesystem::path folder_of_run(const TrainingOptions& options) {
  if (!options.out.empty()) return options.out;
  check(!options.resume, "--resume needs --out: the folder of the run to go on with");
  char time_text[32] = {};
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::strftime(time_text, sizeof time_text, "%Y%m%d-%H%M%S", &local);
  return std::filesystem::path("runs") / (options.model + "-" + time_text);
}

RunFolder::RunFolder(const fs::path& folder, bool resumes) : lock_(made_folder(folder, resumes)) {
  if (lock_.is_held()) {
    for (const std::string_view name :
         {std::string_view(last_checkpoint_name), std::string_view(best_weights_name),
          std::string_view(failed_batch_name), std::string_view(failed_state_name), recipe_file_name, report_file_name})
      remove_temporaries_of(folder / name);
  }
  has_checkpoint_ = fs::exists(folder / last_checkpoint_name);
  has_remains_ = !has_checkpoint_ && (fs::exists(folder / recipe_file_name) || fs::exists(folder / metrics_file_name));
  if (resumes) return;
  check(!has_checkpoint_, folder.string(), " already holds a run (", last_checkpoint_name,
        "); go on with it by --resume, or choose another --out");
  check(!fs::exists(folder / best_weights_name), folder.string(), " already holds weights of a run (",
        best_weights_name, ") but no ", last_checkpoint_name,
        " to go on from; choose another --out, or let --resume start that run from the beginning");
}

}  // namespace sleight

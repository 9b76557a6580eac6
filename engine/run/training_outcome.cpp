#include "engine/run/training_outcome.h"

#include "engine/base/log.h"
#include "engine/report/run_log.h"
#include "engine/run/run_folder.h"

namespace sleight {

void log_stop(const std::filesystem::path& folder, const std::string& program, std::int64_t step, std::int64_t steps,
              bool by_signal) {
  log_info("stopped by ", by_signal ? "a signal" : "--max-steps", " after step ", step, " of ", steps,
           by_signal ? ", everything is saved" : "", ". Go on with: ", program, " --resume ",
           by_signal ? "" : "--max-steps 0 ", "--out ", folder.string());
}

void log_outcome(const TrainingOutcome& outcome) {
  if (outcome.best_epoch > 0.0) {
    log_info("best ", outcome.score_name.text, " ", 100.0 * outcome.best_score, "% after epoch ", outcome.best_epoch,
             ", last ", 100.0 * outcome.last_score, "%");
  } else {
    log_info("there is no ", best_weights_name, ": ",
             outcome.evaluated ? "no evaluation has scored above 0" : "the run stopped before its first evaluation",
             "; ", last_checkpoint_name, " has the weights after the last step");
  }
  log_info("run: ", outcome.folder.string(), "  report: ", (outcome.folder / report_file_name).string());
}

}  // namespace sleight

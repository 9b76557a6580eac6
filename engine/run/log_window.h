// What a line of metrics.jsonl says of the steps since the line before. It goes into checkpoints, so that the lines of
// a resumed run are those of one that never stopped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/timer.h"
#include "engine/report/run_log.h"

namespace sleight {

struct LogWindow {
  double loss_sum = 0.0;
  std::int64_t steps = 0;
  // For the speed, and so only of the steps of this process.
  std::int64_t images = 0;
  Timer timer;
};

// JSON, with every bit of the sums. task_sums: what the task adds up beside the loss.
std::string window_to_json(const LogWindow& window, const std::vector<Scalar>& task_sums);
// The sums of the window, with speed of nothing yet, and the task's. Throws Error for anything else than the above.
struct RestoredWindow {
  LogWindow window;
  std::vector<Scalar> task_sums;
};
RestoredWindow window_from_json(const std::string& text);

}  // namespace sleight

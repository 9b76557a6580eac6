// The programs that a training will run, planned before its first step: what does not fit into memory fails at once.
#pragma once

namespace sleight {

class TrainingTask;

// Plans them, and logs their sizes and which operations are not deterministic.
void plan_programs(TrainingTask& task);

}  // namespace sleight

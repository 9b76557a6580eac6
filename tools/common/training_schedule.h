// What each batch of a training is: which pictures, at which size, blended how. The schedule that the loader asks.
#pragma once

#include <vector>

#include "tools/common/classifier_tricks.h"

namespace sleight {

class TrainingSchedule {
 public:
  // Both must outlive the schedule.
  TrainingSchedule(const ClassifierRun& run, const ClassifierTricks& tricks, std::int64_t pictures);

  std::int64_t steps_per_epoch() const { return pictures_ / run_.recipe.batch_size; }

  // Each epoch visits the pictures in a new order and leaves out what does not fill a batch. The request depends on the
  // step alone; the order of the last epoch asked for is kept. False after the last step. One caller at a time.
  bool fill(std::int64_t step, BatchRequest& request);

 private:
  const ClassifierRun& run_;
  const ClassifierTricks& tricks_;
  std::int64_t pictures_;
  std::int64_t ordered_epoch_ = -1;
  std::vector<std::int64_t> order_;
};

}  // namespace sleight

// What each batch of a detector's training is: which pictures, at which size, mixed with which others. The schedule
// that the detection loader asks.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/data/detection_loader.h"
#include "tools/common/detector_options.h"
#include "tricks/detection_mixup.h"
#include "tricks/random_shapes.h"

namespace sleight {

struct DetectionScheduleOptions {
  std::uint64_t seed = 0;
  std::int64_t epochs = 0;
  std::int64_t batch_size = 0;
  std::int64_t image_size = 416;  // without random shapes
  DetectionRecipe recipe = detection_training_recipe();
  std::optional<DetectionMixupOptions> mixup = {};
  std::optional<RandomShapesOptions> random_shapes = {};
};

// What a run says of its batches.
DetectionScheduleOptions schedule_options(const DetectorRun& run);

class DetectionSchedule {
 public:
  // Throws Error for options that make no sense and when the pictures do not fill one batch.
  DetectionSchedule(const DetectionScheduleOptions& options, std::int64_t pictures);

  std::int64_t steps_per_epoch() const { return pictures_ / options_.batch_size; }
  // Every size of a batch, the largest first.
  std::vector<std::int64_t> sizes() const;
  const std::optional<DetectionMixup>& mixup() const { return mixup_; }
  const std::optional<RandomShapes>& random_shapes() const { return random_shapes_; }

  // Each epoch visits the pictures in a new order and leaves out what does not fill a batch. The request depends on the
  // step alone; the order of the last epoch asked for is kept. False after the last step. One caller at a time.
  bool fill(std::int64_t step, DetectionBatchRequest& request);

 private:
  DetectionScheduleOptions options_;
  std::int64_t pictures_;
  std::optional<DetectionMixup> mixup_;
  std::optional<RandomShapes> random_shapes_;
  std::int64_t ordered_epoch_ = -1;
  std::vector<std::int64_t> order_;
};

}  // namespace sleight

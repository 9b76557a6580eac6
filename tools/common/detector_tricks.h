// The tricks of one detector run, and their receipts: where model, tricks and data meet.
#pragma once

#include <optional>
#include <vector>

#include "engine/data/detection_loader.h"
#include "engine/train/detector.h"
#include "tools/common/detector_options.h"
#include "tools/common/training_tricks.h"
#include "tricks/class_smoothing.h"
#include "tricks/detection_mixup.h"

namespace sleight {

class DetectorTricks {
 public:
  // The run must outlive the tricks.
  DetectorTricks(const DetectorRun& run, std::int64_t steps_per_epoch);

  // What the programs are traced with; refers to this object. maximum_objects: of a training batch's picture.
  DetectionOptions program_options(std::int64_t classes, std::int64_t maximum_objects);

  // After a step that was run.
  void count(const Context& context, const DetectionBatch& batch, const Program& program);

  TrainingTricks& general() { return general_; }
  const TrainingTricks& general() const { return general_; }

  std::vector<Receipt> receipts() const;
  void restore(std::span<const Receipt> receipts);

 private:
  const DetectorRun& run_;
  TrainingTricks general_;
  std::optional<DetectionMixup> mixup_;
  std::optional<ClassSmoothing> class_smoothing_;
};

}  // namespace sleight

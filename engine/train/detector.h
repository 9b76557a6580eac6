// A detector that learns and is evaluated: what is in its batches and what its steps say; the rest is a Learner.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/data/box_transform.h"
#include "engine/data/decode_picture.h"
#include "engine/data/detection_batch_view.h"
#include "engine/train/detection.h"
#include "engine/train/detection_program.h"
#include "engine/train/learner.h"

namespace sleight {

// A part of a step's loss, by the name that its family gives it; the mean over the images.
struct LossPart {
  std::string name;
  double value = 0.0;
};

// Those of the last run of a training program, always in the same order.
std::vector<LossPart> loss_parts_of(const Executable& executable);

// What was found in the pictures of a batch. Spans are valid until the next evaluation.
struct FoundObjects {
  std::span<const float> rows;           // [N, detections, 6], as detection_names::detections
  std::span<const std::int32_t> counts;  // [N]

  // Appends those of place i of the batch, carried to the picture it was made of and clipped to it; what is left
  // without pixels is not there. picture: position in the data set.
  void append(std::int64_t i, const BoxTransform& transform, const PictureSize& size, std::int64_t picture,
              std::vector<Detection>& detections) const;
};

class Detector {
 public:
  // Shapes in options are ignored here; each batch brings its own. `model` is asked to trace for every new shape.
  Detector(Context& context, DetectorFunction model, DetectionOptions options);
  Detector(const Detector&) = delete;  // the learner's plans are written by this object
  Detector& operator=(const Detector&) = delete;

  Learner& learner() { return learner_; }
  const DetectionOptions& options() const { return options_; }

  // `owner` keeps the memory of the batch until its step is finished.
  static BatchInputs training_inputs(const DetectionBatchView& batch, std::shared_ptr<const void> owner);

  // For Learner::upload_evaluation, and what it found.
  static BatchInputs evaluation_inputs(const DetectionBatchView& batch, std::shared_ptr<const void> owner);
  static FoundObjects found_by(const Executable& executable);

 private:
  DetectorFunction model_;
  DetectionOptions options_;
  Learner learner_;
};

}  // namespace sleight

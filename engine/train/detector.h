// A detector that learns and is evaluated: what is in its batches and what its steps say; the rest is a Learner.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/data/detector/batch_view.h"
#include "engine/data/detector/box_transform.h"
#include "engine/image/decode_image.h"
#include "engine/metrics/detection.h"
#include "engine/train/detector_program.h"
#include "engine/train/learner.h"

namespace sleight {

// A part of a step's loss, by the name that its family gives it; the mean over the images.
struct LossPart {
  std::string name;
  double value = 0.0;
};

// Those of the last run of a training program, always in the same order.
std::vector<LossPart> loss_parts_of(const Executable& executable);

// What was found in the images of a batch. Spans are valid until the next evaluation.
struct FoundObjects {
  std::span<const float> rows;           // [N, detections, 6], as detector_value_names::detections
  std::span<const std::int32_t> counts;  // [N]

  // Appends those of place i of the batch, carried to the image it was made of and clipped to it; what is left
  // without pixels is not there. image: position in the dataset.
  void append(std::int64_t i, const BoxTransform& transform, const ImageSize& size, std::int64_t image,
              std::vector<Detection>& detections) const;
};

class Detector {
 public:
  // Shapes in options are ignored here; each batch brings its own. `model` is asked to trace for every new shape.
  Detector(Context& context, DetectorFunction model, DetectorProgramOptions options);
  Detector(const Detector&) = delete;  // the learner's plans are written by this object
  Detector& operator=(const Detector&) = delete;

  Learner& learner() { return learner_; }
  const DetectorProgramOptions& options() const { return options_; }

  // `owner` keeps the memory of the batch until its step is finished.
  static BatchInputs training_inputs(const DetectorBatchView& batch, std::shared_ptr<const void> owner);

  // For Learner::upload_evaluation, and what it found.
  static BatchInputs evaluation_inputs(const DetectorBatchView& batch, std::shared_ptr<const void> owner);
  static FoundObjects found_by(const Executable& executable);

 private:
  DetectorFunction model_;
  DetectorProgramOptions options_;
  Learner learner_;
};

}  // namespace sleight

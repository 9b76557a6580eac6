// The programs of a detector: one training step (prepare images, model, loss, backward, update) and one evaluation step
// (model, boxes, suppression). Nothing here knows which family of detectors, which model or which tricks.
#pragma once

#include "engine/ops/ops.h"
#include "engine/program/program.h"
#include "engine/train/detector_head.h"
#include "engine/train/update_steps.h"

namespace sleight {

struct DetectorProgramOptions {
  std::int64_t batch_size = 0;
  std::int64_t height = 0;  // in pixels; the model says which sizes it takes
  std::int64_t width = 0;
  std::int64_t classes = 0;
  ops::Normalization normalization;
  DataType element = DataType::float32;  // of activations and their gradients; parameters stay float32 beside 16 bits

  // Training only.
  DetectorLossOptions loss;
  std::int64_t maximum_objects = 0;  // M, of an image
  UpdateOptions update;

  // Evaluation only.
  ops::DetectionParameters detections;
};

// The programs' inputs and results, by name; those of every training program are training_names.
namespace detector_value_names {
inline constexpr const char* images = "images";                  // uint8 [N,H,W,3]
inline constexpr const char* flips = "flips";                    // int32 [N], training
inline constexpr const char* object_boxes = "object_boxes";      // float32 [N,M,4] in pixels, mirrored where flips says
inline constexpr const char* object_classes = "object_classes";  // int32 [N,M], -1: no object
inline constexpr const char* object_weights = "object_weights";  // float32 [N,M]
// float32, training: what the loss is made of. The names of the elements follow, separated by commas:
// "loss_parts:center,size,objectness,classes"; engine/train/detector.h reads them.
inline constexpr const char* loss_parts = "loss_parts:";
// float32 [N, detections, 6], evaluation: class (-1: unused), score, left, top, right, bottom in pixels of the batch.
inline constexpr const char* detections = "detections";
inline constexpr const char* detection_counts = "detection_counts";  // int32 [N], evaluation
}  // namespace detector_value_names

// Throws Error for options that make no sense, and where the family's loss says of its parts what cannot be.
Program detector_training_program(const DetectorFunction& model, const DetectorProgramOptions& options);

// With the running statistics; with the names of the parameters as the training program has them. Takes images alone.
Program detector_evaluation_program(const DetectorFunction& model, const DetectorProgramOptions& options);

}  // namespace sleight

// The programs of a detector of YOLOv3's kind: one training step (prepare pictures, model, loss on three scales,
// backward, update) and one evaluation step (model, boxes, suppression). Nothing here knows which model or which
// tricks.
#pragma once

#include <array>
#include <functional>

#include "engine/ops/ops.h"
#include "engine/program/program.h"
#include "engine/train/update_steps.h"

namespace sleight {

// Writes a model: pictures [N,H,W,C] -> raw predictions [N, H/s, W/s, 3 * (5 + classes)] for s = 8, 16, 32.
using DetectorFunction = std::function<std::array<ValueId, 3>(Tracer& trace, ValueId pictures, std::int64_t classes)>;

struct DetectionOptions {
  std::int64_t batch_size = 0;
  std::int64_t height = 0;  // multiples of 32
  std::int64_t width = 0;
  std::int64_t classes = 0;
  ops::Normalisation normalisation;
  DataType element = DataType::float32;  // of activations and their gradients; parameters stay float32 beside 16 bits
  ops::YoloLossParameters loss;          // its anchors are the evaluation's too

  // Training only.
  std::int64_t maximum_objects = 0;  // M, of a picture
  UpdateOptions update;

  // Evaluation only.
  ops::DetectionParameters detections;
};

// The programs' inputs and results, by name; those of every training program are training_names.
namespace detection_names {
inline constexpr const char* images = "images";                  // uint8 [N,H,W,3]
inline constexpr const char* flips = "flips";                    // int32 [N], training
inline constexpr const char* object_boxes = "object_boxes";      // float32 [N,M,4] in pixels, mirrored where flips says
inline constexpr const char* object_classes = "object_classes";  // int32 [N,M], -1: no object
inline constexpr const char* object_weights = "object_weights";  // float32 [N,M]
// float32 [4], training: what the loss is made of, centre, size, objectness, classes.
inline constexpr const char* components = "components";
// float32 [N, detections, 6], evaluation: class (-1: unused), score, left, top, right, bottom in pixels of the batch.
inline constexpr const char* detections = "detections";
inline constexpr const char* detection_counts = "detection_counts";  // int32 [N], evaluation
}  // namespace detection_names

Program detection_training_program(const DetectorFunction& model, const DetectionOptions& options);

// With the running statistics; with the names of the parameters as the training program has them. Takes images alone.
Program detection_evaluation_program(const DetectorFunction& model, const DetectionOptions& options);

}  // namespace sleight

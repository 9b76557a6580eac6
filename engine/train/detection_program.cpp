#include "engine/train/detection_program.h"

#include "engine/base/error.h"

namespace sleight {

namespace names = detection_names;

namespace {

void check_options(const DetectionOptions& options) {
  check(
      options.batch_size >= 1 && options.height >= 32 && options.width >= 32 && options.height % 32 == 0 &&
          options.width % 32 == 0 && options.classes >= 1,
      "a detector needs a batch of at least 1 picture, sides that are multiples of 32 and at least 1 class, got batch ",
      options.batch_size, ", ", options.height, "x", options.width, " and ", options.classes, " classes");
}

}  // namespace

Program detection_training_program(const DetectorFunction& model, const DetectionOptions& options) {
  check_options(options);
  const std::int64_t n = options.batch_size;
  const std::int64_t m = options.maximum_objects;
  check(m >= 1, "a detector's batch needs room for at least 1 object in a picture, got ", m);
  Tracer trace(Mode::training, options.element);
  const ValueId images = trace.input(names::images, {n, options.height, options.width, 3}, DataType::uint8);
  const ValueId flips = trace.input(names::flips, {n}, DataType::int32);
  const ops::YoloObjects objects{.boxes = trace.input(names::object_boxes, {n, m, 4}, DataType::float32),
                                 .classes = trace.input(names::object_classes, {n, m}, DataType::int32),
                                 .weights = trace.input(names::object_weights, {n, m}, DataType::float32)};
  const ValueId pictures = ops::image_prepare(trace, images, flips, no_value, no_value, options.normalisation);
  const ops::YoloLoss loss = ops::yolo_loss(trace, model(trace, pictures, options.classes), objects, options.loss);
  trace.result(loss.components, names::components);
  trace_update(trace, loss.loss, options.element, options.update);
  return std::move(trace.program());
}

Program detection_evaluation_program(const DetectorFunction& model, const DetectionOptions& options) {
  check_options(options);
  Tracer trace(Mode::inference, options.element);
  const ValueId images =
      trace.input(names::images, {options.batch_size, options.height, options.width, 3}, DataType::uint8);
  const ValueId pictures = ops::image_prepare(trace, images, no_value, no_value, no_value, options.normalisation);
  const ops::ScoredBoxes boxes = ops::yolo_decode(trace, model(trace, pictures, options.classes), options.loss.anchors);
  const ops::Detections found = ops::non_maximum_suppression(trace, boxes, options.detections);
  trace.result(found.rows, names::detections);
  trace.result(found.counts, names::detection_counts);
  return std::move(trace.program());
}

}  // namespace sleight

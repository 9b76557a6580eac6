#include "kernels/non_maximum_suppression.h"

#include "engine/ops/support.h"

namespace sleight {

namespace {

// Inputs: boxes [N,P,4], scores [N,P,K] -> detections [N,D,6], counts [N].
std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& boxes = input_type(step, 0);
  const ValueType& scores = input_type(step, 1);
  check_rank(boxes, 3, "the boxes");
  check_rank(scores, 3, "the scores");
  check_shape(boxes, {scores.shape[0], scores.shape[1], 4}, "the boxes");
  check(boxes.element == DataType::float32 && scores.element == DataType::float32,
        "boxes and scores must be float32, got ", to_string(boxes), " and ", to_string(scores));
  return {{{boxes.shape[0], step.attributes.integer("detections"), kernels::DetectionColumn::count}, DataType::float32},
          {{boxes.shape[0]}, DataType::int32}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& scores = input_type(step, 1);
  kernels::NonMaximumSuppression arguments;
  arguments.batch = scores.shape[0];
  arguments.places = scores.shape[1];
  arguments.classes = scores.shape[2];
  arguments.score_threshold = step.attributes.number("score_threshold");
  arguments.overlap_threshold = step.attributes.number("overlap_threshold");
  arguments.candidates = static_cast<std::int32_t>(step.attributes.integer("candidates"));
  arguments.detections = static_cast<std::int32_t>(step.attributes.integer("detections"));
  return kernel_step(
      target.device, arguments,
      [](kernels::NonMaximumSuppression& call, const StepBuffers& buffers) {
        call.boxes = static_cast<const float*>(buffers.inputs[0]);
        call.scores = static_cast<const float*>(buffers.inputs[1]);
        call.found = static_cast<float*>(buffers.outputs[0]);
        call.counts = static_cast<std::int32_t*>(buffers.outputs[1]);
      },
      [](auto on, const kernels::NonMaximumSuppression& call) { kernels::non_maximum_suppression(on, call); });
}

}  // namespace

const Operation operations::non_maximum_suppression{
    .name = "non_maximum_suppression", .infer = infer, .prepare = prepare};

ops::Detections ops::non_maximum_suppression(Tracer& trace, const ScoredBoxes& boxes,
                                             const DetectionParameters& parameters) {
  const std::vector<ValueId> outputs = trace.emit(operations::non_maximum_suppression, {boxes.boxes, boxes.scores},
                                                  {{"score_threshold", parameters.score_threshold},
                                                   {"overlap_threshold", parameters.overlap_threshold},
                                                   {"candidates", parameters.candidates},
                                                   {"detections", parameters.detections}});
  return {outputs[0], outputs[1]};
}

}  // namespace sleight

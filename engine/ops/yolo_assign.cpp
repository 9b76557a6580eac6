#include "kernels/yolo_assign.h"

#include <algorithm>

#include "engine/ops/yolo.h"

namespace sleight {

namespace {

// Inputs: object_boxes [N,M,4], object_classes [N,M] -> best_anchor [N,M].
std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& boxes = input_type(step, 0);
  check_rank(boxes, 3, "the boxes");
  check(boxes.element == DataType::float32 && boxes.shape[2] == 4,
        "the boxes must be float32 with 4 corners each, got ", to_string(boxes));
  check_shape(input_type(step, 1), {boxes.shape[0], boxes.shape[1]}, "the classes");
  check(input_type(step, 1).element == DataType::int32, "the classes must be int32, got ",
        to_string(input_type(step, 1)));
  anchors_of(step.attributes);
  return {{{boxes.shape[0], boxes.shape[1]}, DataType::int32}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  kernels::YoloAssign arguments;
  arguments.objects = output_type(step, 0).count();
  std::ranges::copy(anchors_of(step.attributes), arguments.anchors);
  return kernel_step(
      target.device, arguments,
      [](kernels::YoloAssign& call, const StepBuffers& buffers) {
        call.object_boxes = static_cast<const float*>(buffers.inputs[0]);
        call.object_classes = static_cast<const std::int32_t*>(buffers.inputs[1]);
        call.best_anchor = static_cast<std::int32_t*>(buffers.outputs[0]);
      },
      [](auto on, const kernels::YoloAssign& call) { kernels::yolo_assign(on, call); });
}

}  // namespace

const Operation operations::yolo_assign{.name = "yolo_assign", .infer = infer, .prepare = prepare};

ValueId ops::yolo_assign(Tracer& trace, ValueId object_boxes, ValueId object_classes, const YoloAnchors& anchors) {
  Attributes attributes;
  set_anchors(attributes, anchors);
  return trace.emit_one(operations::yolo_assign, {object_boxes, object_classes}, std::move(attributes));
}

}  // namespace sleight

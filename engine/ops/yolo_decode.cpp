#include "kernels/yolo_decode.h"

#include "engine/ops/yolo.h"

namespace sleight {

namespace {

// Inputs: the predictions of scale 0, 1 and 2 -> boxes [N,P,4], scores [N,P,K].
kernels::YoloDecode arguments_of(const StepTypes& step) {
  const ops::YoloAnchors anchors = anchors_of(step.attributes);
  kernels::YoloDecode arguments;
  arguments.type = input_type(step, 0).element;
  for (std::int32_t i = 0; i < kernels::yolo_scales; ++i) {
    const ValueType& prediction = input_type(step, static_cast<std::size_t>(i));
    check(prediction.element == arguments.type, "the predictions must have one element type, got ",
          to_string(input_type(step, 0)), " and ", to_string(prediction));
    arguments.scales[i] = yolo_scale_of(prediction, anchors, i);
    const kernels::YoloScale& finest = arguments.scales[0];
    const kernels::YoloScale& scale = arguments.scales[i];
    check(scale.height << i == finest.height && scale.width << i == finest.width && scale.batch == finest.batch &&
              scale.classes == finest.classes,
          "the predictions ", to_string(input_type(step, 0)), " and ", to_string(prediction),
          " do not belong together; each grid must be half of the one before");
  }
  return arguments;
}

std::vector<ValueType> infer(const StepTypes& step) {
  const kernels::YoloDecode arguments = arguments_of(step);
  const std::int64_t batch = arguments.scales[0].batch;
  return {{{batch, arguments.places(), 4}, DataType::float32},
          {{batch, arguments.places(), arguments.scales[0].classes}, DataType::float32}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  return kernel_step(
      target.device, arguments_of(step),
      [](kernels::YoloDecode& call, const StepBuffers& buffers) {
        for (int i = 0; i < kernels::yolo_scales; ++i)
          call.predictions[i] = buffers.inputs[i];
        call.boxes = static_cast<float*>(buffers.outputs[0]);
        call.scores = static_cast<float*>(buffers.outputs[1]);
      },
      [](auto on, const kernels::YoloDecode& call) { kernels::yolo_decode(on, call); });
}

}  // namespace

const Operation operations::yolo_decode{.name = "yolo_decode", .infer = infer, .prepare = prepare};

ops::ScoredBoxes ops::yolo_decode(Tracer& trace, const std::array<ValueId, 3>& predictions,
                                  const YoloAnchors& anchors) {
  Attributes attributes;
  set_anchors(attributes, anchors);
  const std::vector<ValueId> outputs =
      trace.emit(operations::yolo_decode, {predictions.begin(), predictions.end()}, std::move(attributes));
  return {outputs[0], outputs[1]};
}

}  // namespace sleight

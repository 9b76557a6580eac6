#include "kernels/yolo_loss.h"

#include "engine/ops/yolo.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

kernels::YoloScale scale_of(const StepTypes& step) {
  return yolo_scale_of(input_type(step, 0), anchors_of(step.attributes), step.attributes.get<std::int32_t>("scale"));
}

// Inputs: prediction [N,h,w,3*(5+K)], object_boxes [N,M,4], object_classes, object_weights, best_anchor [N,M]
// -> loss [1], components [4], assigned [N,h,w,3].
std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& prediction = input_type(step, 0);
  const kernels::YoloScale scale = scale_of(step);
  const ValueType& boxes = input_type(step, 1);
  check_rank(boxes, 3, "the boxes");
  check_shape(boxes, {scale.batch, boxes.shape[1], 4}, "the boxes");
  check(boxes.element == DataType::float32 && input_type(step, 3).element == DataType::float32,
        "boxes and weights must be float32, got ", to_string(boxes), " and ", to_string(input_type(step, 3)));
  for (std::size_t i = 2; i <= 4; ++i)
    check_shape(input_type(step, i), {scale.batch, boxes.shape[1]}, "classes, weights and best anchors");
  check(input_type(step, 2).element == DataType::int32 && input_type(step, 4).element == DataType::int32,
        "classes and best anchors must be int32, got ", to_string(input_type(step, 2)), " and ",
        to_string(input_type(step, 4)));
  const DataType accumulator = accumulator_of(prediction.element);
  return {{{1}, accumulator},
          {{4}, accumulator},
          {{scale.batch, scale.height, scale.width, kernels::yolo_anchors_per_scale}, DataType::int32}};
}

template <class Arguments>
Arguments arguments_of(const StepTypes& step) {
  const Attributes& attributes = step.attributes;
  Arguments arguments;
  arguments.type = input_type(step, 0).element;
  arguments.scale = scale_of(step);
  arguments.options = {.size_loss = static_cast<kernels::SizeLoss>(attributes.integer("size_loss")),
                       .smoothing = static_cast<kernels::ClassSmoothing>(attributes.integer("class_smoothing")),
                       .epsilon = attributes.number("class_smoothing_epsilon"),
                       .ignore_threshold = attributes.number("ignore_threshold"),
                       .box_weight = attributes.flag("box_weight")};
  arguments.objects.per_image = input_type(step, 1).shape[1];
  return arguments;
}

template <class Arguments>
void fill_inputs(Arguments& call, const StepBuffers& buffers) {
  call.prediction = buffers.inputs[0];
  call.objects.boxes = static_cast<const float*>(buffers.inputs[1]);
  call.objects.classes = static_cast<const std::int32_t*>(buffers.inputs[2]);
  call.objects.weights = static_cast<const float*>(buffers.inputs[3]);
  call.objects.best_anchor = static_cast<const std::int32_t*>(buffers.inputs[4]);
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const auto arguments = arguments_of<kernels::YoloLoss>(step);
  return kernel_step(
      target.device, arguments,
      [](kernels::YoloLoss& call, const StepBuffers& buffers) {
        fill_inputs(call, buffers);
        call.loss = buffers.outputs[0];
        call.components = buffers.outputs[1];
        call.assigned = static_cast<std::int32_t*>(buffers.outputs[2]);
        call.workspace = buffers.workspace;
      },
      [](auto on, const kernels::YoloLoss& call) { kernels::yolo_loss(on, call); },
      kernels::yolo_loss_workspace_bytes(arguments.scale, arguments.objects.per_image));
}

// Inputs: as forward, then assigned and the gradient of the loss.
std::vector<ValueType> infer_backward(const StepTypes& step) {
  return {{input_type(step, 0).shape, input_type(step, 0).element}};
}

PreparedStep prepare_backward(const StepTypes& step, const PrepareTarget& target) {
  return kernel_step(
      target.device, arguments_of<kernels::YoloLossBackward>(step),
      [](kernels::YoloLossBackward& call, const StepBuffers& buffers) {
        fill_inputs(call, buffers);
        call.assigned = static_cast<const std::int32_t*>(buffers.inputs[5]);
        call.loss_gradient = buffers.inputs[6];
        call.prediction_gradient = buffers.outputs[0];
      },
      [](auto on, const kernels::YoloLossBackward& call) { kernels::yolo_loss_backward(on, call); });
}

void gradient(GradientBuilder& builder) {
  check(builder.output_gradient(1) == no_value,
        "the components of yolo_loss are for reading only; differentiate the loss");
  builder.input_gradient(0, builder
                                .emit(operations::yolo_loss_backward,
                                      {builder.input(0), builder.input(1), builder.input(2), builder.input(3),
                                       builder.input(4), builder.output(2), builder.output_gradient(0)},
                                      builder.attributes())
                                .front());
}

std::vector<std::pair<int, int>> in_place_backward(const Step&) {
  return {{0, 0}};
}

// The numbers that are read at every place; those of the few places with an object are not counted.
double assigned_places(const StepTypes& step) {
  const kernels::YoloScale scale = scale_of(step);
  return static_cast<double>(scale.batch) * scale.places();
}

Cost cost(const StepTypes& step) {
  const double element_bytes = static_cast<double>(size_of(input_type(step, 0).element));
  const double pairs = assigned_places(step) * static_cast<double>(input_type(step, 1).shape[1]);
  return {.flops = pairs * 16, .bytes = assigned_places(step) * (5 * element_bytes + 4)};
}

Cost cost_backward(const StepTypes& step) {
  const double element_bytes = static_cast<double>(size_of(input_type(step, 0).element));
  return {.flops = assigned_places(step) * 4,
          .bytes = elements_of(output_type(step, 0)) * element_bytes + assigned_places(step) * (element_bytes + 4)};
}

}  // namespace

const Operation operations::yolo_loss{
    .name = "yolo_loss", .infer = infer, .prepare = prepare, .gradient = gradient, .cost = cost};
const Operation operations::yolo_loss_backward{.name = "yolo_loss_backward",
                                               .infer = infer_backward,
                                               .prepare = prepare_backward,
                                               .in_place = in_place_backward,
                                               .cost = cost_backward};

ops::YoloLoss ops::yolo_loss(Tracer& trace, const std::array<ValueId, 3>& predictions, const YoloObjects& objects,
                             const YoloLossParameters& parameters) {
  const ValueId best_anchor = yolo_assign(trace, objects.boxes, objects.classes, parameters.anchors);
  const kernels::YoloLossOptions& options = parameters.options;
  Attributes attributes = {{"size_loss", options.size_loss},
                           {"class_smoothing", options.smoothing},
                           {"class_smoothing_epsilon", options.epsilon},
                           {"ignore_threshold", options.ignore_threshold},
                           {"box_weight", options.box_weight}};
  set_anchors(attributes, parameters.anchors);
  YoloLoss sum;
  for (std::size_t scale = 0; scale < predictions.size(); ++scale) {
    attributes.set("scale", scale);
    const std::vector<ValueId> outputs =
        trace.emit(operations::yolo_loss,
                   {predictions[scale], objects.boxes, objects.classes, objects.weights, best_anchor}, attributes);
    sum.loss = scale == 0 ? outputs[0] : add(trace, sum.loss, outputs[0]);
    sum.components = scale == 0 ? outputs[1] : add(trace, sum.components, outputs[1]);
    sum.assigned[scale] = outputs[2];
  }
  return sum;
}

}  // namespace sleight

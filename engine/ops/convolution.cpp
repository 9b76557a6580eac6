#include "engine/ops/convolution.h"

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"

namespace sleight {

namespace {

std::int64_t output_side(std::int64_t input, std::int64_t kernel, const Attributes& attributes) {
  const std::int64_t side =
      kernels::convolution_output_side(input, kernel, attributes.integer("stride"), attributes.integer("padding"));
  check(side >= 1, "a side of ", input, " pixels is too small for a kernel of ", kernel, "; use larger images");
  return side;
}

}  // namespace

// Input images [N,H,W,I], weights [O,h,w,I] -> [N,H',W',O].
std::vector<ValueType> infer_convolution(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  const ValueType& weights = input_type(step, 1);
  check_rank(x, 4, "the images");
  check_rank(weights, 4, "the weights");
  check(x.element == weights.element, "the images (", to_string(x), ") and the weights (", to_string(weights),
        ") must have one element type");
  check(x.shape[3] == weights.shape[3], "the images have ", x.shape[3], " channels but the weights (",
        to_string(weights), ") expect ", weights.shape[3]);
  return {{{x.shape[0], output_side(x.shape[1], weights.shape[1], step.attributes),
            output_side(x.shape[2], weights.shape[2], step.attributes), weights.shape[0]},
           x.element}};
}

kernels::ConvolutionShape convolution_shape(const ValueType& x, const ValueType& weights, const ValueType& y,
                                            const Attributes& attributes, const Device& device) {
  kernels::ConvolutionShape shape{.input = view_on(x, device),
                                  .output = view_on(y, device),
                                  .kernel_height = weights.shape[1],
                                  .kernel_width = weights.shape[2],
                                  .stride = attributes.integer("stride"),
                                  .padding = attributes.integer("padding"),
                                  .weight_layout = kernels::layout_ohwi(weights.shape[3]),
                                  .type = x.element};
  if (weights.layout == Layout::blocked) {
    shape.weight_layout = device.preferred_weight_layout(weights.shape[3], weights.shape[0]);
  }
  return shape;
}

Layout convolution_weight_layout(const ValueType& weights, const Device& device) {
  const bool plain =
      weights.element != DataType::float32 ||
      device.preferred_weight_layout(weights.shape[3], weights.shape[0]) == kernels::layout_ohwi(weights.shape[3]);
  return plain ? Layout::plain : Layout::blocked;
}

Cost convolution_cost(const StepTypes& step, const ValueType& y, const ValueType& weights) {
  Cost cost{.flops = 2.0 * elements_of(y) * elements_of(weights) / static_cast<double>(weights.shape[0])};
  for (const auto* list : {&step.inputs, &step.outputs}) {
    for (const ValueType* type : *list) {
      if (type != nullptr) cost.bytes += static_cast<double>(type->bytes());
    }
  }
  return cost;
}

namespace {

// Inputs: gradient [N,H',W',O], weights -> [N,H,W,I]; H and W are attributes, because several sizes give one H'.
std::vector<ValueType> infer_backward_data(const StepTypes& step) {
  const ValueType& gradient = input_type(step, 0);
  const ValueType& weights = input_type(step, 1);
  return {{{gradient.shape[0], step.attributes.integer("height"), step.attributes.integer("width"), weights.shape[3]},
           gradient.element}};
}

// Inputs: images, gradient -> gradient of the weights; the kernel's size is an attribute for the same reason.
std::vector<ValueType> infer_backward_weights(const StepTypes& step) {
  const ValueType& x = input_type(step, 0);
  const ValueType& gradient = input_type(step, 1);
  return {{{gradient.shape[3], step.attributes.integer("kernel_height"), step.attributes.integer("kernel_width"),
            x.shape[3]},
           x.element}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const auto shape =
      convolution_shape(input_type(step, 0), input_type(step, 1), output_type(step, 0), step.attributes, target.device);
  const auto object = make_on<kernels::ConvolutionForward>(
      target.device, [&](auto on) { return kernels::make_convolution_forward(on, shape); });
  return {[object](const StepBuffers& buffers) {
            object->run(buffers.inputs[0], buffers.inputs[1], nullptr, buffers.outputs[0], buffers.workspace);
          },
          object->workspace_bytes(),
          {},
          object->is_deterministic()};
}

PreparedStep prepare_backward_data(const StepTypes& step, const PrepareTarget& target) {
  const auto shape =
      convolution_shape(output_type(step, 0), input_type(step, 1), input_type(step, 0), step.attributes, target.device);
  const auto object = make_on<kernels::ConvolutionBackwardData>(
      target.device, [&](auto on) { return kernels::make_convolution_backward_data(on, shape); });
  return {[object](const StepBuffers& buffers) {
            object->run(buffers.inputs[0], buffers.inputs[1], buffers.outputs[0], buffers.workspace);
          },
          object->workspace_bytes(),
          {},
          object->is_deterministic()};
}

PreparedStep prepare_backward_weights(const StepTypes& step, const PrepareTarget& target) {
  const auto shape =
      convolution_shape(input_type(step, 0), output_type(step, 0), input_type(step, 1), step.attributes, target.device);
  const auto object = make_on<kernels::ConvolutionBackwardWeights>(
      target.device, [&](auto on) { return kernels::make_convolution_backward_weights(on, shape); });
  return {[object](const StepBuffers& buffers) {
            object->run(buffers.inputs[0], buffers.inputs[1], buffers.outputs[0], buffers.workspace);
          },
          object->workspace_bytes(),
          {},
          object->is_deterministic()};
}

void gradient(GradientBuilder& builder) {
  const ValueType x = builder.type(builder.input(0));
  const ValueType weights = builder.type(builder.input(1));
  if (builder.needs_gradient(1)) {
    Attributes attributes = builder.attributes();
    attributes.set("kernel_height", weights.shape[1]);
    attributes.set("kernel_width", weights.shape[2]);
    builder.input_gradient(1, builder
                                  .emit(operations::convolution_backward_weights,
                                        {builder.input(0), builder.output_gradient(0)}, attributes)
                                  .front());
  }
  if (builder.needs_gradient(0)) {
    Attributes attributes = builder.attributes();
    attributes.set("height", x.shape[1]);
    attributes.set("width", x.shape[2]);
    builder.input_gradient(
        0,
        builder.emit(operations::convolution_backward_data, {builder.output_gradient(0), builder.input(1)}, attributes)
            .front());
  }
}

std::vector<std::pair<int, Layout>> weight_is_input(const StepTypes& step, const Device& device) {
  return {{1, convolution_weight_layout(input_type(step, 1), device)}};
}

std::vector<std::pair<int, Layout>> weight_is_output(const StepTypes& step, const Device& device) {
  return {{2, convolution_weight_layout(output_type(step, 0), device)}};
}

Cost cost_forward(const StepTypes& step) {
  return convolution_cost(step, output_type(step, 0), input_type(step, 1));
}
Cost cost_backward_data(const StepTypes& step) {
  return convolution_cost(step, input_type(step, 0), input_type(step, 1));
}
Cost cost_backward_weights(const StepTypes& step) {
  return convolution_cost(step, input_type(step, 1), output_type(step, 0));
}

}  // namespace

const Operation operations::convolution{.name = "convolution",
                                        .infer = infer_convolution,
                                        .prepare = prepare,
                                        .gradient = gradient,
                                        .cost = cost_forward,
                                        .any_layout = true,
                                        .weight_layouts = weight_is_input,
                                        .fusion_rules = convolution_rules()};
const Operation operations::convolution_backward_data{.name = "convolution_backward_data",
                                                      .infer = infer_backward_data,
                                                      .prepare = prepare_backward_data,
                                                      .cost = cost_backward_data,
                                                      .any_layout = true,
                                                      .weight_layouts = weight_is_input};
const Operation operations::convolution_backward_weights{.name = "convolution_backward_weights",
                                                         .infer = infer_backward_weights,
                                                         .prepare = prepare_backward_weights,
                                                         .cost = cost_backward_weights,
                                                         .any_layout = true,
                                                         .weight_layouts = weight_is_output};

ValueId ops::convolution(Tracer& trace, ValueId x, ValueId weights, std::int64_t stride, std::int64_t padding) {
  check(stride >= 1 && padding >= 0, "a convolution needs stride >= 1 and padding >= 0, got ", stride, " and ",
        padding);
  return trace.emit_one(operations::convolution, {x, ops::cast(trace, weights, trace.type(x).element)},
                        {{"stride", stride}, {"padding", padding}});
}

}  // namespace sleight

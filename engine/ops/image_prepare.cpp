#include "kernels/image_prepare.h"

#include "engine/ops/pad_image_channels.h"
#include "engine/ops/support.h"

namespace sleight {

namespace {

// Inputs: images uint8 [N,H,W,3], flips, partners, lambdas [N] (the last three optional).
std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& images = input_type(step, 0);
  check_rank(images, 4, "the images");
  check(images.element == DataType::uint8 && images.shape[3] == 3, "the images must be uint8 with 3 channels, got ",
        to_string(images));
  for (std::size_t i = 1; i <= 3; ++i) {
    if (step.inputs[i] != nullptr) check_shape(*step.inputs[i], {images.shape[0]}, "flips, partners and lambdas");
  }
  return {{{images.shape[0], images.shape[1], images.shape[2], step.attributes.integer("channels")},
           step.attributes.get<DataType>("element")}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& out = output_type(step, 0);
  kernels::ImagePrepare arguments{.batch = out.shape[0],
                                  .height = out.shape[1],
                                  .width = out.shape[2],
                                  .channels = out.shape[3],
                                  .type = out.element};
  for (std::size_t c = 0; c < 3; ++c) {
    arguments.mean[c] = static_cast<float>(step.attributes.numbers("mean")[c]);
    arguments.deviation[c] = static_cast<float>(step.attributes.numbers("deviation")[c]);
  }
  return kernel_step(
      target.device, arguments,
      [](kernels::ImagePrepare& call, const StepBuffers& buffers) {
        call.images = static_cast<const std::uint8_t*>(buffers.inputs[0]);
        call.flip = static_cast<const std::int32_t*>(buffers.inputs[1]);
        call.partner = static_cast<const std::int32_t*>(buffers.inputs[2]);
        call.lambda = static_cast<const float*>(buffers.inputs[3]);
        call.out = buffers.outputs[0];
      },
      [](auto on, const kernels::ImagePrepare& call) { kernels::image_prepare(on, call); });
}

}  // namespace

const Operation operations::image_prepare{
    .name = "image_prepare", .infer = infer, .prepare = prepare, .fusion_rules = image_prepare_rules()};

ValueId ops::image_prepare(Tracer& trace, ValueId images, ValueId flips, ValueId partners, ValueId lambdas,
                           const Normalization& normalization) {
  return trace.emit_one(operations::image_prepare, {images, flips, partners, lambdas},
                        {{"channels", normalization.channels},
                         {"element", trace.element()},
                         {"mean", normalization.mean},
                         {"deviation", normalization.deviation}});
}

}  // namespace sleight

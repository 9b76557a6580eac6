#include "kernels/image_prepare_resident.h"

#include "engine/ops/pad_image_channels.h"
#include "engine/ops/support.h"

namespace sleight {

namespace {

// Inputs: images uint8 [P,H,W,3], indices [N], windows [N,2], flips, partners, lambdas [N] (the last three optional).
std::vector<ValueType> infer(const StepTypes& step) {
  const ValueType& images = input_type(step, 0);
  const ValueType& indices = input_type(step, 1);
  check_rank(images, 4, "the images");
  check(images.element == DataType::uint8 && images.shape[3] == 3, "the images must be uint8 with 3 channels, got ",
        to_string(images));
  check_rank(indices, 1, "the indices");
  const std::int64_t batch = indices.shape[0];
  check_shape(input_type(step, 2), {batch, 2}, "the windows");
  for (std::size_t i = 3; i <= 5; ++i) {
    if (step.inputs[i] != nullptr) check_shape(*step.inputs[i], {batch}, "flips, partners and lambdas");
  }
  return {{{batch, step.attributes.integer("height"), step.attributes.integer("width"),
            step.attributes.integer("channels")},
           step.attributes.get<DataType>("element")}};
}

PreparedStep prepare(const StepTypes& step, const PrepareTarget& target) {
  const ValueType& images = input_type(step, 0);
  const ValueType& out = output_type(step, 0);
  kernels::ImagePrepareResident arguments{.count = images.shape[0],
                                          .source_height = images.shape[1],
                                          .source_width = images.shape[2],
                                          .batch = out.shape[0],
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
      [](kernels::ImagePrepareResident& call, const StepBuffers& buffers) {
        call.images = static_cast<const std::uint8_t*>(buffers.inputs[0]);
        call.index = static_cast<const std::int32_t*>(buffers.inputs[1]);
        call.window = static_cast<const std::int32_t*>(buffers.inputs[2]);
        call.flip = static_cast<const std::int32_t*>(buffers.inputs[3]);
        call.partner = static_cast<const std::int32_t*>(buffers.inputs[4]);
        call.lambda = static_cast<const float*>(buffers.inputs[5]);
        call.out = buffers.outputs[0];
      },
      [](auto on, const kernels::ImagePrepareResident& call) { kernels::image_prepare_resident(on, call); });
}

// Of all images only those of the batch are read, and their partners.
Cost cost(const StepTypes& step) {
  const ValueType& out = output_type(step, 0);
  const double pixels = elements_of(out) / static_cast<double>(out.shape[3]);
  Cost cost{.flops = 0.0, .bytes = static_cast<double>(out.bytes()) + pixels * (step.inputs[4] != nullptr ? 6.0 : 3.0)};
  for (std::size_t i = 1; i <= 5; ++i)
    cost.bytes += step.inputs[i] == nullptr ? 0.0 : static_cast<double>(step.inputs[i]->bytes());
  return cost;
}

}  // namespace

const Operation operations::image_prepare_resident{.name = "image_prepare_resident",
                                                   .infer = infer,
                                                   .prepare = prepare,
                                                   .cost = cost,
                                                   .fusion_rules = image_prepare_resident_rules()};

ValueId ops::image_prepare_resident(Tracer& trace, const ResidentBatch& batch, std::int64_t height, std::int64_t width,
                                    const Normalization& normalization) {
  return trace.emit_one(operations::image_prepare_resident,
                        {batch.images, batch.indices, batch.windows, batch.flips, batch.partners, batch.lambdas},
                        {{"height", height},
                         {"width", width},
                         {"channels", normalization.channels},
                         {"element", trace.element()},
                         {"mean", normalization.mean},
                         {"deviation", normalization.deviation}});
}

}  // namespace sleight

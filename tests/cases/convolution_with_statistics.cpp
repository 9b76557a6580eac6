#include "kernels/convolution_with_statistics.h"

#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

struct Shapes {
  Shape images;  // [N,H,W,I]
  std::int64_t output_channels;
  std::int64_t kernel, stride;

  Shape output() const {
    return {images[0], kernels::convolution_output_side(images[1], kernel, stride, kernel / 2),
            kernels::convolution_output_side(images[2], kernel, stride, kernel / 2), output_channels};
  }
  std::string label() const {
    return to_string(images) + " to " + std::to_string(output_channels) + " kernel " + std::to_string(kernel) +
           " stride " + std::to_string(stride);
  }
};

// The batch norm before: mean, inverse deviation, gamma, beta.
void add_batch_norm(std::vector<Input>& inputs, const Shape& images) {
  const Shape channels = {images.back()};
  inputs.insert(inputs.end(), {accumulators(channels), accumulators(channels, 0.5, 1.5), accumulators(channels),
                               accumulators(channels)});
}

void add_all(std::vector<Case>& list, const Shapes& shapes, Size size) {
  const Attributes convolution = {{"stride", {static_cast<double>(shapes.stride)}},
                                  {"padding", {static_cast<double>(shapes.kernel / 2)}}};
  Attributes statistics = convolution;
  // So large that a channel whose values happen to be close together does not magnify their rounding.
  statistics.set("epsilon", 1.0);
  Attributes weights = convolution;
  weights.set("kernel_height", static_cast<double>(shapes.kernel));
  weights.set("kernel_width", static_cast<double>(shapes.kernel));
  const Shape output = shapes.output();
  const Shape weight_shape = {shapes.output_channels, shapes.kernel, shapes.kernel, shapes.images[3]};
  const std::int64_t rows = output[0] * output[1] * output[2];
  const std::int64_t terms = shapes.kernel * shapes.kernel * shapes.images[3];

  Case plain{.operation = &operations::convolution_with_statistics,
             .label = shapes.label(),
             .inputs = {numbers(shapes.images), numbers(weight_shape), absent(), absent(), absent(), absent()},
             .attributes = statistics,
             .reduction = terms + rows,
             .rounds_inside = true,
             .size = size};
  Case normalized = plain;
  normalized.label += " normalized";
  normalized.inputs.resize(2);
  add_batch_norm(normalized.inputs, shapes.images);
  Case backward{.operation = &operations::convolution_normalized_backward_weights,
                .label = shapes.label(),
                .inputs = {numbers(shapes.images), numbers(output)},
                .attributes = weights,
                .reduction = rows,
                .rounds_inside = true,
                .size = size};
  add_batch_norm(backward.inputs, shapes.images);
  list.insert(list.end(), {plain, normalized, backward});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const Shapes& shapes : {Shapes{{2, 7, 5, 3}, 16, 3, 2}, Shapes{{1, 6, 9, 16}, 32, 3, 1},
                               Shapes{{2, 5, 7, 32}, 16, 1, 2}, Shapes{{3, 4, 3, 5}, 7, 1, 1}})
    add_all(list, shapes, Size::small);
  for (const Size size : {Size::large, Size::huge}) {
    const std::int64_t batch = measured_batch(size);
    for (const Shapes& shapes : {Shapes{{batch, 56, 56, 64}, 64, 3, 1}, Shapes{{batch, 56, 56, 64}, 256, 1, 1},
                                 Shapes{{batch, 56, 56, 128}, 128, 3, 2}})
      add_all(list, shapes, size);
  }
  return list;
}

const Registration registration(cases(), {});

}  // namespace
}  // namespace sleight::cases

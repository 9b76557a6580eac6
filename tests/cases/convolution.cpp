#include "kernels/convolution.h"

#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

struct Shapes {
  Shape images;  // [N,H,W,I]
  std::int64_t output_channels;
  std::int64_t kernel, stride, padding;

  Shape weights() const { return {output_channels, kernel, kernel, images[3]}; }
  Shape output() const {
    return {images[0], kernels::convolution_output_side(images[1], kernel, stride, padding),
            kernels::convolution_output_side(images[2], kernel, stride, padding), output_channels};
  }
  std::string label() const {
    return to_string(images) + " to " + std::to_string(output_channels) + " kernel " + std::to_string(kernel) +
           " stride " + std::to_string(stride) + " padding " + std::to_string(padding);
  }
  Attributes attributes() const {
    return {{"stride", {static_cast<double>(stride)}}, {"padding", {static_cast<double>(padding)}}};
  }
};

void add_three(std::vector<Case>& list, const Shapes& shapes, Size size) {
  Attributes data = shapes.attributes();
  data.set("height", static_cast<double>(shapes.images[1]));
  data.set("width", static_cast<double>(shapes.images[2]));
  Attributes weights = shapes.attributes();
  weights.set("kernel_height", static_cast<double>(shapes.kernel));
  weights.set("kernel_width", static_cast<double>(shapes.kernel));
  const std::int64_t positions = shapes.kernel * shapes.kernel;
  const Shape output = shapes.output();
  list.push_back({.operation = &operations::convolution,
                  .label = shapes.label(),
                  .inputs = {numbers(shapes.images), numbers(shapes.weights())},
                  .attributes = shapes.attributes(),
                  .reduction = positions * shapes.images[3],
                  .size = size});
  // The gradient of photographs: no training asks for it.
  if (size == Size::small || shapes.images[3] != 3) {
    list.push_back({.operation = &operations::convolution_backward_data,
                    .label = shapes.label(),
                    .inputs = {numbers(output), numbers(shapes.weights())},
                    .attributes = data,
                    .reduction = positions * shapes.output_channels,
                    .size = size});
  }
  list.push_back({.operation = &operations::convolution_backward_weights,
                  .label = shapes.label(),
                  .inputs = {numbers(shapes.images), numbers(output)},
                  .attributes = weights,
                  .reduction = output[0] * output[1] * output[2],
                  .size = size});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const Shapes& shapes :
       {Shapes{{2, 7, 5, 3}, 16, 3, 2, 1}, Shapes{{1, 6, 9, 16}, 32, 3, 1, 1}, Shapes{{2, 5, 7, 32}, 16, 1, 2, 0},
        Shapes{{1, 8, 5, 5}, 7, 3, 1, 1}, Shapes{{1, 9, 11, 3}, 8, 7, 2, 3}, Shapes{{3, 4, 3, 16}, 5, 1, 1, 0}})
    add_three(list, shapes, Size::small);
  for (const Size size : {Size::large, Size::huge}) {
    const std::int64_t batch = measured_batch(size);
    for (const Shapes& shapes : {Shapes{{batch, 224, 224, 3}, 64, 7, 2, 3}, Shapes{{batch, 56, 56, 64}, 64, 3, 1, 1},
                                 Shapes{{batch, 56, 56, 64}, 256, 1, 1, 0}, Shapes{{batch, 28, 28, 256}, 256, 3, 2, 1}})
      add_three(list, shapes, size);
  }
  add_three(list, {{128, 32, 32, 16}, 16, 3, 1, 1}, Size::large);
  return list;
}

std::vector<GradientCase> gradient_cases() {
  std::vector<GradientCase> list;
  for (const Shapes& shapes :
       {Shapes{{2, 5, 4, 3}, 4, 3, 1, 1}, Shapes{{1, 6, 7, 2}, 3, 3, 2, 1}, Shapes{{2, 4, 5, 3}, 5, 1, 2, 0}}) {
    list.push_back({"convolution/" + shapes.label(), [shapes](GradientTrace& g) {
                      const ValueId x = g.value(numbers(shapes.images));
                      return ops::convolution(g.tracer, x, g.value(numbers(shapes.weights())), shapes.stride,
                                              shapes.padding);
                    }});
  }
  return list;
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases

#include "tests/cases/yolo_objects.h"

namespace sleight::cases {
namespace {

using kernels::ClassSmoothing;
using kernels::SizeLoss;
using kernels::YoloLossOptions;

Attributes attributes_of(const YoloShape& shape, const YoloLossOptions& options) {
  return {{"anchors", anchor_numbers()},
          {"scale", {static_cast<double>(shape.scale)}},
          {"size_loss", {static_cast<double>(options.size_loss)}},
          {"class_smoothing", {static_cast<double>(options.smoothing)}},
          {"class_smoothing_epsilon", {options.epsilon}},
          {"ignore_threshold", {options.ignore_threshold}},
          {"box_weight", {options.box_weight ? 1.0 : 0.0}}};
}

void add_both(std::vector<Case>& list, const YoloShape& shape, const YoloLossOptions& options, Size size) {
  const Shape per_object = {shape.batch, shape.objects};
  std::vector<Input> forward = {numbers(shape.prediction(), -1.5, 1.5)};
  for (const Input& input : object_inputs(shape))
    forward.push_back(input);
  forward.push_back(made(per_object, Kind::int32, [shape] { return best_anchors(shape); }));
  std::vector<Input> backward = forward;
  backward.push_back(
      made({shape.batch, shape.height, shape.width, 3}, Kind::int32, [shape] { return assigned_places(shape); }));
  backward.push_back(accumulators({1}, 0.25, 1.0));
  list.push_back({.operation = &operations::yolo_loss,
                  .label = shape.label(),
                  .inputs = forward,
                  .attributes = attributes_of(shape, options),
                  .reduction = shape.places() + shape.batch * shape.objects * (5 + shape.classes),
                  .size = size});
  list.push_back({.operation = &operations::yolo_loss_backward,
                  .label = shape.label(),
                  .inputs = backward,
                  .attributes = attributes_of(shape, options),
                  .size = size});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  add_both(list, {1, 1, 1, 1, 2, 1}, {}, Size::small);
  add_both(list, {2, 5, 3, 3, 0, 9}, {.smoothing = ClassSmoothing::gluon, .ignore_threshold = 0.5}, Size::small);
  add_both(list, {3, 4, 7, 1, 1, 8}, {.size_loss = SizeLoss::l2, .ignore_threshold = 0.5}, Size::small);
  add_both(list, {2, 7, 11, 3, 0, 70}, {.smoothing = ClassSmoothing::darknet, .epsilon = 0.1, .ignore_threshold = 0.6},
           Size::small);
  add_both(list, {2, 2, 3, 20, 2, 4}, {.smoothing = ClassSmoothing::gluon, .box_weight = false}, Size::small);
  add_both(list, {1, 3, 2, 80, 2, 5}, {.smoothing = ClassSmoothing::gluon, .ignore_threshold = 0.4}, Size::small);
  for (const Size size : {Size::large, Size::huge}) {
    add_both(list, {measured_batch(size), 52, 52, 80, 0, 50}, {}, size);
    add_both(list, {measured_batch(size), 13, 13, 80, 2, 50}, {}, size);
  }
  return list;
}

std::vector<GradientCase> gradient_cases() {
  std::vector<GradientCase> list;
  const auto add = [&](const std::string& name, std::int64_t objects, const YoloLossOptions& options) {
    list.push_back({"yolo_loss/" + name, [objects, options](GradientTrace& g) {
                      // Three scales of images of 32 x 64 pixels, and objects for the finest.
                      const YoloShape fine{2, 4, 8, 2, 0, objects};
                      std::array<ValueId, 3> predictions;
                      for (std::int64_t s = 0; s < 3; ++s)
                        predictions[static_cast<std::size_t>(s)] =
                            g.value(numbers({2, 4 >> s, 8 >> s, 3 * (5 + fine.classes)}, -1.5, 1.5));
                      const std::vector<Input> inputs = object_inputs(fine);
                      const ops::YoloObjects all{g.value(inputs[0]), g.value(inputs[1]), g.value(inputs[2])};
                      return ops::yolo_loss(g.tracer, predictions, all, {yolo_anchors(), options}).loss;
                    }});
  };
  add("l1", 9, {});
  add("l2 smoothed", 12, {.size_loss = SizeLoss::l2, .smoothing = ClassSmoothing::gluon, .ignore_threshold = 0.5});
  add("one object, no box weight", 1, {.smoothing = ClassSmoothing::darknet, .epsilon = 0.1, .box_weight = false});
  return list;
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases
